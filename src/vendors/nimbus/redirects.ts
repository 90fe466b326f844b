import { isLoopback } from '../vendor-definition.ts';

/** Whether a link's host can be this one, as an allow-list names it: a URL, say, or `*` would match none. */
export const isHost = (text: string) =>
  /^[a-z0-9.:[\]-]+$/i.test(text) &&
  URL.canParse(`https://${text}`) &&
  new URL(`https://${text}`).host === text.toLowerCase();

/**
 * Whether a link from Nimbus may be handed to a browser: https (http on loopback only), no user
 * info, and, where an allow-list of hosts is configured, on it. The link itself is never fetched,
 * not even by HEAD: any look may burn its one-time token.
 * @param allowedHosts host names, with a port where it is not the usual one; undefined for any
 */
export function isSafeRedirect(link: string, allowedHosts: readonly string[] | undefined): boolean {
  // A browser strips what a parser strips: a link with blanks or backslashes is not what it seems.
  if (/[\s\\\p{Cc}]/u.test(link) || !URL.canParse(link)) {
    return false;
  }
  const url = new URL(link);
  const secure = url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url));
  const hosts = allowedHosts?.map((host) => host.toLowerCase());
  return (
    secure &&
    url.username === '' &&
    url.password === '' &&
    (hosts === undefined || hosts.includes(url.host))
  );
}
