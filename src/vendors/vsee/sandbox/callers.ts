import { accountCode, adminToken, apiKey, apiSecret } from '../fixtures.ts';
import { type Asked, Refused } from './exchange.ts';
import type { SandboxUser, VSeeState } from './state.ts';

export type Caller = { admin: true } | { admin: false; user: SandboxUser };

const unauthorized = () => new Refused(401, 'Unauthorized');

/** Credentials that a call does not take are a leak of the caller's, which this clinic points out. */
function only(asked: Asked, ...taken: ('x-apikey' | 'x-apisecret' | 'x-apitoken')[]) {
  for (const name of ['x-apikey', 'x-apisecret', 'x-apitoken'] as const) {
    if (!taken.includes(name) && asked.headers[name] !== undefined) {
      throw new Refused(400, `${name} does not belong to this call`);
    }
  }
  if (asked.headers['x-accountcode'] !== accountCode) {
    throw unauthorized();
  }
}

/** `users/sso`: key and secret, both. */
export function application(asked: Asked): void {
  only(asked, 'x-apikey', 'x-apisecret');
  if (asked.headers['x-apikey'] !== apiKey || asked.headers['x-apisecret'] !== apiSecret) {
    throw unauthorized();
  }
}

/** Rooms. */
export const anyone = (asked: Asked): void => only(asked);

/** The user of a live token. */
export function userOf(state: VSeeState, token: string | undefined): SandboxUser | undefined {
  const found = token === undefined ? undefined : state.tokens.get(token);
  return found && found.expiry > state.now() ? state.users.get(found.userId) : undefined;
}

/** A user's token or the admin's. */
export function tokenHolder(state: VSeeState, asked: Asked): Caller {
  only(asked, 'x-apitoken');
  const token = asked.headers['x-apitoken'];
  if (token === adminToken) {
    return { admin: true };
  }
  const user = typeof token === 'string' ? userOf(state, token) : undefined;
  if (user === undefined) {
    throw unauthorized();
  }
  return { admin: false, user };
}

/** A user's token; the admin's is refused with 403. */
export function patient(state: VSeeState, asked: Asked): SandboxUser {
  const caller = tokenHolder(state, asked);
  if (caller.admin) {
    throw new Refused(403, 'This call takes the token of a patient');
  }
  return caller.user;
}

/** The admin's token; a user's is refused with 403. */
export function admin(state: VSeeState, asked: Asked): void {
  if (!tokenHolder(state, asked).admin) {
    throw new Refused(403, 'This call takes an admin token');
  }
}

/**
 * Whom a call is for: a patient for themselves, an admin for the `member_id` named, which may be the
 * user's id or code.
 */
export function memberFor(
  state: VSeeState,
  caller: Caller,
  memberId: string | undefined,
): SandboxUser {
  if (memberId === undefined) {
    if (caller.admin) {
      throw new Refused(400, 'member_id is required');
    }
    return caller.user;
  }
  const named = [...state.users.values()].find(({ id, code }) => [id, code].includes(memberId));
  if (named === undefined || (!caller.admin && named !== caller.user)) {
    throw new Refused(404, 'Member not found');
  }
  return named;
}
