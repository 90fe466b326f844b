import {
  accountCode,
  providers,
  rooms,
  type SandboxConsultation,
  type SandboxProvider,
  type SandboxRoom,
} from '../fixtures.ts';
import { anyone } from './callers.ts';
import { data, Refused, type VSeeRoutes } from './exchange.ts';
import type { VSeeState } from './state.ts';

/** @throws Refused 404 */
export function roomOf(code: string | undefined): SandboxRoom {
  const room = rooms.find((known) => known.code === code);
  if (!room) {
    throw new Refused(404, 'Room not found');
  }
  return room;
}

/** The clinic's public account, by its code or as the current one. */
function account(code: string | undefined) {
  if (code !== accountCode && code !== '-') {
    throw new Refused(404, 'Account not found');
  }
  return data({ code: accountCode, name: 'Sandbox clinic', active: true });
}

/** @throws Refused 404 */
export function providerOf(id: string | undefined): SandboxProvider {
  const provider = providers.find((known) => known.id === id);
  if (!provider) {
    throw new Refused(404, 'Provider not found');
  }
  return provider;
}

/** An element of `payment.consultations`. */
export const consultationAnswer = (consultation: SandboxConsultation) => ({
  id: consultation.id,
  description: consultation.description,
  duration: consultation.duration,
  amount: consultation.amount,
  group: '',
  charge: consultation.amount > 0,
  slots: 1,
  visible_to_patient: consultation.visibleToPatient,
});

/** As a room shows itself: what it does not offer is absent rather than false. */
const roomAnswer = (state: VSeeState, room: SandboxRoom) => ({
  id: room.id,
  code: room.code,
  slug: room.slug,
  name: room.name,
  domain: 'vclinic',
  subtitle: '',
  description: '',
  account_code: accountCode,
  active: true,
  public_access_room: true,
  provider_ids: providers.map(({ id }) => id),
  users: providers.map(({ id }) => id).join(','),
  created: 1_700_000_000,
  modified: 1_700_000_000,
  visits: {
    ...(room.walkIn && { walkin: { enabled: true } }),
    ...(room.appointment && {
      appointment: {
        enabled: true,
        start_blackout: 900,
        users: {
          patient: { allow_cancel: !state.switches.roomsWithoutCancel.includes(room.code) },
        },
      },
    }),
    ...(room.eConsult && { econsult: { enabled: true } }),
  },
  operation_settings: {
    is_closed: room.closed,
    close_msg: room.closed ? 'The clinic is closed.' : '',
    default_timezone: room.timeZone,
  },
  payment: {
    currency: 'USD',
    consultations: room.consultations.map(consultationAnswer),
  },
  provider_selection: {
    walkin: { show: true, allow_any: true },
    appointment: { show: true, allow_any: true },
    any_option_text: 'Any provider',
  },
});

const providerAnswer = (provider: SandboxProvider) => ({
  id: provider.id,
  username: `provider-${provider.id}`,
  code: `provider-${provider.id}`,
  subtype: provider.subtype,
  first_name: provider.firstName,
  last_name: provider.lastName,
  vseeid: `vclinic+provider${provider.id}`,
  photo: null,
  title: provider.title,
  suffix: '',
  status: 20,
  short_bio: '',
});

/** Public: the account code is all they take. This list pages by `page` and `limit`. */
export const roomRoutes = (state: VSeeState): VSeeRoutes => ({
  'GET /accounts/{code}': (asked) => account(asked.params.code),
  'GET /rooms': (asked) => {
    anyone(asked);
    const wanted = Math.max(1, Number(asked.query.get('limit') ?? 20) || 20);
    const limit = Math.min(wanted, state.switches.roomsOfPage);
    const first = (Math.max(1, Number(asked.query.get('page') ?? 1) || 1) - 1) * limit;
    return data(
      rooms.slice(first, first + limit).map((room) => roomAnswer(state, room)),
      { total: rooms.length },
    );
  },
  'GET /rooms/{code}': (asked) => {
    anyone(asked);
    return data(roomAnswer(state, roomOf(asked.params.code)));
  },
  'GET /rooms/{code}/providers': (asked) => {
    anyone(asked);
    roomOf(asked.params.code);
    return data(providers.map(providerAnswer));
  },
  'GET /rooms/{code}/providers/{id}': (asked) => {
    anyone(asked);
    roomOf(asked.params.code);
    return data(providerAnswer(providerOf(asked.params.id)));
  },
});
