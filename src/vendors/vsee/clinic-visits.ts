import type { ClinicVisits, MadeVisit, VisitSession } from '../../domain/capabilities/visits.ts';
import { notConfigured, VendorError } from '../../domain/errors.ts';
import type { ClinicRoom } from '../../domain/records.ts';
import type { VendorId } from '../../domain/vendor.ts';
import { orNull } from './answers.ts';
import { askedFor, availabilityQuery, bookingFields, toSlots } from './assumed.ts';
import type { VSeeClient } from './client.ts';
import { checked } from './identifiers.ts';
import { appointmentLink, dashboardLink, walkInLink } from './links.ts';
import { toProfile, toProviders, toRoom, toRooms, toVisit } from './map.ts';
import { checkedCustom, intakeFields, placeFields } from './requests.ts';
import type { VSeeSessions } from './sessions.ts';
import { memberOf, type VSeeVisit } from './wire.ts';

/** Of a clinic's rooms; nobody has as many as this makes. */
const roomsOfPage = 100;
const mostPages = 10;

interface VisitParts {
  vendor: VendorId;
  client: VSeeClient;
  sessions: VSeeSessions;
  portal: URL;
  /** The clinic's own dashboard. */
  roomSlug: string;
  adminToken: string | undefined;
  /** Milliseconds since the epoch. */
  clock: () => number;
}

/** Walk-ins, appointments and eConsults; every function checks its ids before its one call. */
export function createClinicVisits(parts: VisitParts): ClinicVisits {
  const { vendor, client, sessions, portal, adminToken, clock } = parts;
  const visitOf = (session: VisitSession, visit: VSeeVisit) =>
    toVisit({ vendor, patientId: session.patientId, portal }, visit);
  const made = (session: VisitSession, visit: VSeeVisit, joinUrl: string | null): MadeVisit => ({
    visit: visitOf(session, visit),
    joinUrl,
  });

  return {
    keptSession: sessions.stored,
    signIn: sessions.signIn,

    async profile(scope, session) {
      const user = await orNull(
        sessions.using(scope, session, (caller) =>
          client.users(scope, caller, session.vendorPatientId),
        ),
      );
      return user && toProfile(vendor, user);
    },

    checkIntake({ custom }) {
      checkedCustom(custom);
    },

    async createIntake(scope, session, request) {
      const fields = intakeFields(request);
      const intake = await sessions.using(scope, session, (caller) =>
        client.createIntake(scope, caller, fields),
      );
      return intake.id;
    },

    async chargeIntake(scope, session, intakeId, consultation) {
      const id = checked('intake', intakeId);
      await sessions.using(scope, session, (caller) =>
        client.updateIntake(scope, caller, id, { consultation }),
      );
    },

    async startWalkIn(scope, session, place) {
      const fields = placeFields(place);
      const visit = await sessions.using(scope, session, (caller) =>
        client.addWalkIn(scope, caller, session.vendorPatientId, fields),
      );
      return made(session, visit, walkInLink(portal, session.token, visit.id));
    },

    async schedule(scope, session, request) {
      const member = session.vendorPatientId;
      const fields = bookingFields(member, request);
      if (request.overrideCalendar && adminToken === undefined) {
        throw notConfigured('Booking against the calendar (VSEE_ADMIN_TOKEN)', vendor);
      }
      const visit =
        request.overrideCalendar && adminToken !== undefined
          ? await client.addVisit(scope, { as: 'admin', token: adminToken }, member, fields)
          : await sessions.using(scope, session, (caller) =>
              client.addVisit(scope, caller, member, fields),
            );
      return made(
        session,
        visit,
        appointmentLink(portal, session.token, visit.id, visit.one_time_link_token),
      );
    },

    canOverrideCalendar: adminToken !== undefined,

    async requestEConsult(scope, session, place) {
      const fields = placeFields(place);
      const visit = await sessions.using(scope, session, (caller) =>
        client.addEConsult(scope, caller, session.vendorPatientId, fields),
      );
      return made(session, visit, null);
    },

    async visit(scope, session, vendorVisitId) {
      const id = checked('visit', vendorVisitId);
      const visit = await orNull(
        sessions.using(scope, session, (caller) => client.visit(scope, caller, id)),
      );
      // An answer that does not say whose visit it is proves nothing, so it is not shown.
      return visit !== null && visit.id === id && memberOf(visit) === session.vendorPatientId
        ? visitOf(session, visit)
        : null;
    },

    async visitOfIntake(scope, session, intakeId) {
      const intake = await sessions.using(scope, session, (caller) =>
        client.intake(scope, caller, checked('intake', intakeId)),
      );
      if (intake.visit_id == null) {
        return null;
      }
      const id = checked('visit', String(intake.visit_id));
      const visit = await sessions.using(scope, session, (caller) =>
        client.visit(scope, caller, id),
      );
      if (visit.id !== id || memberOf(visit) !== session.vendorPatientId) {
        throw new VendorError({ vendor, operation: 'visits/:id', kind: 'UNEXPECTED_SHAPE' });
      }
      const found = visitOf(session, visit);
      const links: Partial<Record<typeof found.kind, string>> = {
        WALK_IN: walkInLink(portal, session.token, id),
        SCHEDULED: appointmentLink(portal, session.token, id, visit.one_time_link_token),
      };
      return made(session, visit, links[found.kind] ?? null);
    },

    async cancel(scope, session, vendorVisitId) {
      const id = checked('visit', vendorVisitId);
      const visit = await sessions.using(scope, session, (caller) =>
        client.cancelVisit(scope, caller, session.vendorPatientId, id),
      );
      return visitOf(session, visit);
    },

    async room(scope, code) {
      const room = await orNull(client.room(scope, checked('room', code)));
      return room && toRoom(vendor, room);
    },

    async rooms(scope) {
      const rooms = new Map<string, ClinicRoom>();
      let received = 0;
      for (let page = 1; page <= mostPages; page += 1) {
        const { data, total } = await client.rooms(scope, roomsOfPage, page);
        const known = rooms.size;
        for (const room of toRooms(vendor, data)) {
          rooms.set(room.code, room);
        }
        received += data.length;
        // It may give fewer than it was asked for, and may not page at all.
        const isMore = total == null ? data.length >= roomsOfPage : received < Number(total);
        if (!isMore || rooms.size === known) {
          break;
        }
      }
      return [...rooms.values()];
    },

    async providers(scope, code) {
      const providers = await orNull(client.providers(scope, checked('room', code)));
      return providers && toProviders(providers);
    },

    async availabilities(scope, session, search) {
      const query = availabilityQuery(session.vendorPatientId, search);
      const slots = await sessions.using(scope, session, (caller) =>
        client.availability(scope, caller, query),
      );
      return toSlots(askedFor(slots, search, clock()));
    },

    portalLink: (session, { roomSlug, hideNavigation }) =>
      dashboardLink(portal, session.token, roomSlug ?? parts.roomSlug, hideNavigation),
  };
}
