import type { ClinicVisits, VisitSession } from '../../domain/capabilities/visits.ts';
import { VendorError } from '../../domain/errors.ts';
import type { RequestScope } from '../../domain/request.ts';
import type { TokenVault } from '../../domain/store.ts';
import type { VendorId } from '../../domain/vendor.ts';
import type { VSeeClient } from './client.ts';
import { memberCode, signInFields } from './requests.ts';

/** A token this close to its end (milliseconds) is not used any more: the patient has yet to click. */
const margin = 60_000;

interface SessionParts {
  vendor: VendorId;
  client: VSeeClient;
  tokens: TokenVault;
  clock: () => number;
}

/** Patients' sessions: made by `users/sso`, kept sealed in the vault, dropped when VSee refuses them. */
export function createSessions({ vendor, client, tokens, clock }: SessionParts) {
  /** The stored session; undefined where there is none or it ends within the minute. */
  async function stored(patientId: string): Promise<VisitSession | undefined> {
    const kept = await tokens.read(vendor, patientId);
    return kept?.vendorPatientId !== undefined && kept.expiresAt.getTime() - margin > clock()
      ? {
          patientId,
          vendorPatientId: kept.vendorPatientId,
          token: kept.accessToken,
          expiresAt: kept.expiresAt,
        }
      : undefined;
  }

  const signIn: ClinicVisits['signIn'] = async (scope, patient, options = {}) => {
    // A kept session cannot carry the wish to disable mail to the vendor.
    const kept = options.renew || options.disableEmails ? undefined : await stored(patient.id);
    if (kept) {
      return kept;
    }
    const user = await client.usersSso(
      scope,
      memberCode(patient.id),
      signInFields(patient, options.disableEmails ?? false),
    );
    const session = {
      patientId: patient.id,
      vendorPatientId: user.id,
      token: user.token.token,
      expiresAt: new Date(user.token.expiry * 1000),
    };
    await tokens.write(vendor, patient.id, {
      accessToken: session.token,
      refreshToken: null,
      scopes: [],
      expiresAt: session.expiresAt,
      vendorPatientId: session.vendorPatientId,
    });
    return session;
  };

  return {
    signIn,
    stored,

    /**
     * Runs one call with a patient's token. A 401 says that the token died early and that VSee did
     * not act: the token leaves the vault, unless a newer one is there already, so that the next
     * sign-in makes a new one.
     */
    async using<Answer>(
      scope: RequestScope,
      session: VisitSession,
      call: (caller: { as: 'patient'; token: string }) => Promise<Answer>,
    ): Promise<Answer> {
      try {
        return await call({ as: 'patient', token: session.token });
      } catch (error) {
        if (error instanceof VendorError && error.kind === 'AUTHORIZATION_REQUIRED') {
          await tokens.renew(
            vendor,
            session.patientId,
            session.token,
            scope.deadline,
            async () => undefined,
          );
        }
        throw error;
      }
    },
  };
}

export type VSeeSessions = ReturnType<typeof createSessions>;
