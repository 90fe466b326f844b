import { checked } from './identifiers.ts';

/**
 * The portal's browser links, built without a call (contract, section 5). Those with a token are
 * bearer secrets. `next` is always one of the fixed paths below, never a caller's text.
 */

const authLink = (portal: URL, token: string, next: string, more = '') =>
  `${new URL('auth', portal).href}?sso_token=${encodeURIComponent(token)}&next=${next}${more}`;

/**
 * A waiting room's dashboard, signed in.
 * @throws CodedError BAD_USER_INPUT for a text that cannot be a room's slug
 */
export const dashboardLink = (
  portal: URL,
  token: string,
  roomSlug: string,
  hideNavigation: boolean,
): string =>
  authLink(
    portal,
    token,
    `/u/${checked('room slug', roomSlug)}`,
    // Said to switch off e-mail in the vendor's text; it hides the portal's navigation.
    hideNavigation ? '&disable_navigation=1' : '',
  );

/** Into the call and chat of a walk-in, signed in. */
export const walkInLink = (portal: URL, token: string, visitId: string): string =>
  authLink(portal, token, `/visits/start/${checked('visit', visitId)}`);

/** To an appointment: the one-time link where the clinic uses them, else signed in. */
export const appointmentLink = (
  portal: URL,
  token: string,
  visitId: string,
  oneTimeToken: string | null | undefined,
): string => {
  const path = `members/appointment/${checked('visit', visitId)}`;
  return oneTimeToken
    ? `${new URL(path, portal).href}?token=${encodeURIComponent(oneTimeToken)}`
    : authLink(portal, token, `/${path}`);
};

/** For a guest, without a login; null where the visit has no usable code. */
export const inviteLink = (portal: URL, code: string | null | undefined): string | null =>
  // Once it is checked, nothing in the code could lead elsewhere.
  code && /^[0-9a-f]{32}$/i.test(code) ? `${portal.href}visits/join/${code}` : null;
