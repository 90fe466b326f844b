import { clinic, type SandboxPerson } from './fixtures.ts';
import type { NimbusState, SandboxToken } from './sandbox-state.ts';
import { rules, type SandboxErrors, validate } from './sandbox-validation.ts';

/** Undocumented behaviour that a gateway has to cope with either way; settable while running. */
export interface NimbusSwitches {
  /** An e-mail address that is known: 422, or the existing user with a new token. */
  duplicateEmail: 'refuse' | 'reissue';
  /** A user without an order: 404, or 200 with `data: null`. */
  noOrder: 'not-found' | 'null-data';
  /** Where `enable` puts its answer. */
  enableAnswer: 'flat' | 'in-data';
  /** Whether `enable` says `expires_at`. */
  enableExpiry: boolean;
  /** What `revoke` answers. */
  revokeAnswer: 'json' | 'empty';
  /** Status of a created follow-up. */
  followUpStatus: 200 | 201;
  /** Calls that are refused say so inside a 200. */
  refusalsWith200: boolean;
  /** 60 calls a minute, then 429. */
  throttle: boolean;
  /** Host and scheme of portal links; null for the simulator's own. */
  portalOrigin: string | null;
}

export const createSwitches = (): NimbusSwitches => ({
  duplicateEmail: 'refuse',
  noOrder: 'not-found',
  enableAnswer: 'flat',
  enableExpiry: false,
  revokeAnswer: 'json',
  followUpStatus: 201,
  refusalsWith200: false,
  throttle: false,
  portalOrigin: null,
});

const failure = (status: number, message: string) => ({
  status,
  body: { status: 'error', message },
});
const invalid = (errors: SandboxErrors) => ({
  status: 422,
  body: { message: 'The given data was invalid.', errors },
});

const fieldsOf = (body: unknown): Record<string, unknown> =>
  typeof body === 'object' && body !== null ? { ...body } : {};

/** The five calls of the guide over the simulated platform. */
export function createNimbusCalls(
  state: NimbusState,
  switches: NimbusSwitches,
  /** Of the tenant's portal. */
  portalOrigin: () => string,
) {
  const linkTo = (token: SandboxToken) => ({
    user_id: token.userId,
    access_token: token.value,
    redirect_url: `${switches.portalOrigin ?? portalOrigin()}/telemed/visit?token=${token.value}`,
  });

  return {
    onboard(body: unknown) {
      const fields = fieldsOf(body);
      const errors = validate(rules.onboarding, fields);
      if (errors) {
        return invalid(errors);
      }
      if (fields.central_pharmacy_id !== clinic.centralPharmacyId) {
        return failure(403, 'This pharmacy is not yours.');
      }
      const person = fields as unknown as SandboxPerson;
      const known = state.findByEmail(person.email);
      if (known && switches.duplicateEmail === 'refuse') {
        return invalid({ email: ['The email has already been taken.'] });
      }
      const user = known ?? state.addUser(person);
      const token = state.issueToken(user.userId, 24);
      return { status: 200, body: { status: 'success', ...linkTo(token) } };
    },

    revoke(body: unknown) {
      const fields = fieldsOf(body);
      const errors = validate(rules.revoke, fields);
      const user = state.users.get(Number(fields.user_id));
      if (errors || !user) {
        return errors ? invalid(errors) : failure(404, 'User not found');
      }
      state.revoke(user.userId);
      return switches.revokeAnswer === 'empty'
        ? { status: 204 }
        : {
            status: 200,
            body: { status: 'success', message: 'Access revoked', user_id: user.userId },
          };
    },

    enable(body: unknown) {
      const fields = fieldsOf(body);
      const errors = validate(rules.enable, fields);
      const user = state.users.get(Number(fields.user_id));
      if (errors || !user) {
        return errors ? invalid(errors) : failure(404, 'User not found');
      }
      const token = state.issueToken(user.userId, Number(fields.valid_for_hours ?? 24));
      const link = {
        ...linkTo(token),
        ...(switches.enableExpiry && { expires_at: new Date(token.expiresAt).toISOString() }),
      };
      const flat = switches.enableAnswer === 'flat';
      return { status: 200, body: { status: 'success', ...(flat ? link : { data: link }) } };
    },

    latestOrder(userId: string | null) {
      if (userId === null || !/^\d+$/.test(userId)) {
        return invalid({ user_id: ['The user id must be an integer.'] });
      }
      const user = state.users.get(Number(userId));
      const order = user?.orders.at(-1);
      if (user === undefined) {
        return failure(404, 'User not found');
      }
      if (order === undefined) {
        return switches.noOrder === 'null-data'
          ? { status: 200, body: { status: 'success', data: null } }
          : failure(404, 'No orders found');
      }
      const data = {
        order_id: order,
        user_id: user.userId,
        patient_id: user.patientId,
        tenant_domain: clinic.tenantDomain,
      };
      return { status: 200, body: { status: 'success', data } };
    },

    createFollowUp(body: unknown) {
      const fields = fieldsOf(body);
      const errors = validate(rules.followUp, fields);
      if (errors) {
        return invalid(errors);
      }
      const user = state.users.get(Number(fields.user_id));
      if (user === undefined || user.orders.length === 0) {
        return failure(404, 'No orders found');
      }
      if (user.patientId !== fields.patient_id) {
        return invalid({ patient_id: ['The patient does not belong to this user.'] });
      }
      if (fields.tenant_domain !== clinic.tenantDomain) {
        return failure(404, 'Tenant not found');
      }
      const data = state.addFollowUp({
        patient_id: user.patientId,
        user_id: user.userId,
        followup_date: String(fields.followup_date),
        tenant_domain: clinic.tenantDomain,
      });
      // No `status` key here, unlike everywhere else.
      return { status: switches.followUpStatus, body: { message: 'Follow-up created', data } };
    },
  };
}
