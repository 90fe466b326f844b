import { domainToASCII } from 'node:url';
import { EmailAddressResolver } from 'graphql-scalars';

const isEmailAddress = (text: string) => {
  try {
    return EmailAddressResolver.parseValue(text) === text;
  } catch {
    return false;
  }
};

/**
 * What a vendor holds as an e-mail address, as the scalar takes it: without the name around it, and
 * its domain in ASCII (`müller.de` is `xn--mller-kva.de`). Null for what is no address.
 */
export function toEmailAddress(text: string | null): string | null {
  const written = text?.trim() ?? '';
  const address = /<([^<>]*)>$/.exec(written)?.[1] ?? written;
  const domainAt = address.lastIndexOf('@') + 1;
  const inAscii = address.slice(0, domainAt) + domainToASCII(address.slice(domainAt));
  return [address, inAscii].find(isEmailAddress) ?? null;
}
