import { application, tokenHolder } from './callers.ts';
import { type Asked, data, Refused, type VSeeRoutes } from './exchange.ts';
import { type Fields, fieldsOf } from './fields.ts';
import { hex32, type SandboxUser, type VSeeState } from './state.ts';

const day = 86_400;
/** 200 patient, 400 provider, 600 one-time guest. */
const types = [200, 400, 600];

function oneOf(fields: Fields, name: string, pattern: RegExp): string | undefined {
  const value = fields.text(name);
  if (value !== undefined && !pattern.test(value)) {
    throw new Refused(400, `${name} is malformed`);
  }
  return value;
}

/** The user of a code, made at the first call; what is sent later updates it. */
function upsert(state: VSeeState, fields: Fields): SandboxUser {
  const type = fields.requiredInteger('type');
  if (!types.includes(type)) {
    throw new Refused(400, 'type is not supported');
  }
  // Guests are new each time, under a code of the vendor's own.
  const code = type === 600 ? hex32() : fields.required('code');
  if (code.length > 128) {
    throw new Refused(400, 'code is too long');
  }
  const known = [...state.users.values()].find((user) => user.code === code && user.type === type);
  const user: SandboxUser = {
    id: known?.id ?? state.nextId('user'),
    code,
    type,
    firstName: fields.required('first_name'),
    lastName: fields.required('last_name'),
    username: fields.text('username') ?? known?.username ?? hex32(),
    vseeId: known?.vseeId ?? `vclinic+${hex32()}`,
    birthDate: oneOf(fields, 'dob', /^\d{4}-\d{2}-\d{2}$/) ?? known?.birthDate,
    email: oneOf(fields, 'email', /^[^\s@]+@[^\s@]+$/) ?? known?.email,
    gender: oneOf(fields, 'gender', /^(male|female)$/) ?? known?.gender,
    phone: fields.text('phone') ?? known?.phone,
    emailsDisabled: (fields.integer('disable_emails') ?? (known?.emailsDisabled ? 1 : 0)) === 1,
  };
  oneOf(fields, 'state', /^[A-Za-z]{2}$/);
  state.users.set(user.id, user);
  return user;
}

function signIn(state: VSeeState, asked: Asked) {
  application(asked);
  if (!state.switches.ssoEnabled) {
    throw new Refused(403, 'SSO is not enabled');
  }
  const user = upsert(state, fieldsOf(asked.body));
  const created = state.now();
  const token = hex32();
  state.tokens.set(token, { userId: user.id, expiry: created + day });
  return data({
    id: user.id,
    code: user.code,
    first_name: user.firstName,
    last_name: user.lastName,
    username: user.username,
    vseeid: user.vseeId,
    ...(user.birthDate !== undefined && { dob: user.birthDate }),
    active: true,
    tos: false,
    subtype: user.type === 400 ? '482' : '',
    token: {
      user_id: user.id,
      token,
      expiry: created + day,
      refresh_token: { user_id: user.id, token: hex32(), expiry: created + 30 * day, created },
    },
    ...(asked.query.get('fields') === 'vsee' && { vsee: { id: user.vseeId, token: hex32() } }),
  });
}

/** 1 male, 2 female. */
export const genderNumber = (user: SandboxUser) =>
  user.gender === undefined ? undefined : user.gender === 'male' ? 1 : 2;

function show(state: VSeeState, asked: Asked) {
  const caller = tokenHolder(state, asked);
  const asksFor = asked.params.id;
  if (caller.admin && asksFor === '-') {
    // Who made the token, of the type of API users.
    return data({ id: '1', type: 160, username: 'portico-api', active: true });
  }
  const own = caller.admin ? undefined : caller.user;
  const user = asksFor === '-' ? own : state.users.get(asksFor ?? '');
  if (user === undefined || (own && user !== own)) {
    throw new Refused(404, 'User not found');
  }
  return data({
    id: user.id,
    code: user.code,
    type: user.type,
    first_name: user.firstName,
    last_name: user.lastName,
    full_name: `${user.firstName} ${user.lastName}`,
    username: user.username,
    vseeid: user.vseeId,
    ...(user.birthDate !== undefined && { dob: user.birthDate }),
    email: user.email ?? null,
    gender: genderNumber(user) ?? null,
    status: 20,
    timezone: 'America/Los_Angeles',
    email_verified: false,
    signup_step: 99,
    extra: { disable_emails: user.emailsDisabled ? 1 : 0 },
  });
}

export const userRoutes = (state: VSeeState): VSeeRoutes => ({
  'POST /users/sso': (asked) => signIn(state, asked),
  'GET /users/{id}': (asked) => show(state, asked),
});
