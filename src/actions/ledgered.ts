import type { MutationName } from '../auth/rules.ts';
import type { Operation } from '../domain/operations.ts';
import type { Appointment, Patient, PortalAccess, Visit } from '../domain/records.ts';
import type { VendorId } from '../domain/vendor.ts';
import { perform } from '../operations/perform.ts';
import type { Performed } from '../operations/proceed.ts';
import type { Work } from '../operations/work.ts';
import type { ActionEnvironment } from './environment.ts';

/** Writes at vendors, run on the ledger. */

/** What is added to the answer of every write at a vendor. */
export interface Ledgered {
  operation: Operation;
  /** What the answer does not hold, or a repeated one no longer, and how to get it anew. */
  notice: string | null;
}

/** Where bearer secrets sit in answers. */
interface SecretBearing {
  joinUrl?: string | null;
  portalAccess?: PortalAccess | null;
  visit?: Visit | null;
  appointment?: Appointment | null;
}

function secretsOf(answer: object): Record<string, string> {
  const { joinUrl, portalAccess, visit } = answer as SecretBearing;
  return {
    ...(joinUrl && { joinUrl }),
    ...(portalAccess?.redirectUrl && { redirectUrl: portalAccess.redirectUrl }),
    ...(visit?.inviteUrl && { inviteUrl: visit.inviteUrl }),
  };
}

/**
 * The answer with these secrets and no others. Where to join a video consultation is read at the vendor
 * whenever it is asked for.
 */
function withSecrets<Answer extends object>(
  answer: Answer,
  { joinUrl, redirectUrl, inviteUrl }: Readonly<Record<string, string>> = {},
): Answer {
  const { portalAccess, visit, appointment } = answer as SecretBearing;
  return {
    ...answer,
    ...('joinUrl' in answer && { joinUrl: joinUrl ?? null }),
    ...(portalAccess && { portalAccess: { ...portalAccess, redirectUrl } }),
    ...(visit && { visit: { ...visit, inviteUrl: inviteUrl ?? null } }),
    ...(appointment && { appointment: { ...appointment, videoConsultationUrl: null } }),
  };
}

/** The ledger puts down each step's end in the log of access; a look at what became of one is a read. */
const traced = (work: Work, around: <T>(call: () => Promise<T>) => Promise<T>): Work => ({
  operationId: work.operationId,
  once: (name, call, lookUp) => work.once(name, call, lookUp && (() => around(lookUp))),
  repeatable: (name, call) => work.repeatable(name, call),
  isBegun: (name) => work.isBegun(name),
});

/** How to get a link that was given away already. */
const renewals: Partial<Record<MutationName, string>> = {
  onboardPatient: 'enablePortalAccess',
  enablePortalAccess: 'enablePortalAccess with a new key',
  createPortalLink: 'createPortalLink with a new key',
  startWalkInVisit: 'createPortalLink',
  scheduleVisit: 'createPortalLink',
};

export interface Write {
  action: MutationName;
  /** What the mutation was asked; enough to go on with it in another process. */
  input: object;
  /** Null while the patient is not in the register. */
  patient: Pick<Patient, 'id'> | null;
  vendor: VendorId;
  /** The record that it changes: changes of one record are made one after the other. */
  record?: string;
  /** Whether what is checked before comes to the same after the vendor has acted: it is always checked then. */
  preparesAgain?: boolean;
  /** Whether it ends the patient's link to the vendor. */
  unlinks?: boolean;
}

/** Writes under way in this process, by caller, key and input. */
export type Flights = Map<string, Promise<Performed<object>>>;

/**
 * Submissions of one key that meet in this process get one answer, links included. Apart from that the
 * ledger would serve them one after the other, the later ones without what was delivered already; it
 * alone decides between processes.
 */
async function inOneFlight<Answer extends object>(
  { flights, sealer, access, idempotencyKey, resumed }: ActionEnvironment,
  { action, input }: Write,
  start: () => Promise<Performed<Answer>>,
): Promise<Performed<Answer>> {
  if (idempotencyKey == null || resumed !== undefined) {
    return start();
  }
  const asked = JSON.stringify([access.caller.subject, idempotencyKey, action, input]);
  // Hashed: an input is health data, and need not stand in a map's keys.
  const key = sealer.fingerprint('flight', asked);
  const running = flights.get(key) ?? start().finally(() => flights.delete(key));
  flights.set(key, running);
  // The key names action and input, so that the answer is of this action.
  return running as Promise<Performed<Answer>>;
}

/**
 * Runs a write at a vendor on the ledger.
 * @param prepare checks and reads; what it refuses does not use up the idempotency key
 * @param act the vendor calls as steps of the work, and what they leave here
 */
export async function ledgered<Prepared, Answer extends object>(
  environment: ActionEnvironment,
  write: Write,
  prepare: () => Promise<Prepared>,
  act: (work: Work, prepared: Prepared) => Promise<Answer>,
): Promise<Answer & Ledgered> {
  const { action, input, patient, vendor, record, preparesAgain, unlinks } = write;
  const { store, sealer, clock, access, writeScope, settings, idempotencyKey, resumed } =
    environment;
  let prepared = false;
  const prepareAfresh = () => {
    if (prepared) {
      // Another change of the record was waited for.
      environment.loaders.forget();
    }
    prepared = true;
    return prepare();
  };
  const accountNow = async ({ id }: Pick<Patient, 'id'>) => {
    const accounts = await environment.loaders.register.accounts.load(id);
    return accounts.find((account) => account.vendor === vendor)?.vendorPatientId ?? null;
  };
  const start = () =>
    perform<Prepared, Answer>(
      {
        ledger: store.operations,
        ...{ sealer, clock, resumed },
        keysValidFor: settings.idempotencyKeysValidFor,
        callsOverAfter: settings.vendorCallsOverAfter,
        actor: access.actor,
        deadline: writeScope.deadline,
      },
      {
        action,
        idempotencyKey,
        input: { ...input },
        patientId: patient?.id ?? null,
        vendor,
        target: record ?? null,
        mostPerDay: settings.dailyWrites[action],
        prepare: prepareAfresh,
        preparesAgain,
        ...(patient !== null && unlinks !== true && { account: () => accountNow(patient) }),
      },
      async (untraced, prepared) => {
        const work =
          patient === null
            ? untraced
            : traced(untraced, (call) =>
                environment.trail.around(
                  { patientId: patient.id, vendor, action: 'reconcileOperation' },
                  call,
                ),
              );
        const answer = await act(work, prepared);
        const secrets = secretsOf(answer);
        return {
          answer: withSecrets(answer),
          secrets: Object.keys(secrets).length > 0 ? secrets : undefined,
        };
      },
    );
  const { answer, secrets, operation, replayed } = await inOneFlight(environment, write, start);
  if (secrets !== undefined) {
    environment.onSecretsInAnswer(operation.id);
  }
  const { patient: answered } = answer as { patient?: Patient | null };
  if (answered?.subject === access.caller.subject) {
    // They were onboarded by another request, after this one had looked whose record is theirs.
    access.becomes(answered.id);
  }
  const { notice: own = null } = answer as { notice?: string | null };
  const renewal = replayed && secrets === undefined ? renewals[action] : undefined;
  const givenOut =
    renewal &&
    `The link of this answer was given out before and is not kept. For a new one use ${renewal}.`;
  return { ...withSecrets(answer, secrets), operation, notice: own ?? givenOut ?? null };
}
