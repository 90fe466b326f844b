import type { InputFieldMap, InputShapeFromFields } from '@pothos/core';
import type { MutationName } from '../auth/rules.ts';
import { UserFailure } from '../domain/errors.ts';
import { patientInId } from '../domain/ids.ts';
import type { Operation as OperationRecord } from '../domain/operations.ts';
import type {
  Appointment as AppointmentRecord,
  FollowUp as FollowUpRecord,
  Order as OrderRecord,
  Patient as PatientRecord,
  PortalAccess as PortalAccessRecord,
  PortalRequest as PortalRequestRecord,
  VendorAccount as VendorAccountRecord,
  Visit as VisitRecord,
} from '../domain/records.ts';
import { Appointment } from './appointment-ref.ts';
import { builder, type GraphContext } from './builder.ts';
import { cost } from './field-cost.ts';
import { Operation } from './operation.ts';
import { FollowUp, Order } from './order.ts';
import { Patient } from './patient-ref.ts';
import { PortalAccess } from './portal-access.ts';
import { PortalRequest } from './portal-request.ts';
import { UserError, type UserErrorShape, userErrorsOf } from './user-errors.ts';
import { VendorAccount } from './vendor-account.ts';
import { Visit } from './visit.ts';

/** What actions answer with; each payload shows some of it. */
interface Outcome {
  patient?: PatientRecord | null;
  vendorAccount?: VendorAccountRecord | null;
  portalAccess?: PortalAccessRecord | null;
  followUp?: FollowUpRecord | null;
  order?: OrderRecord | null;
  visit?: VisitRecord | null;
  appointment?: AppointmentRecord | null;
  portalRequest?: PortalRequestRecord | null;
  operation?: OperationRecord | null;
  notice?: string | null;
  /** Bearer secrets, for this answer only. */
  joinUrl?: string | null;
  authorizationUrl?: string | null;
  expiresAt?: Date | null;
}

interface PayloadShape extends Outcome {
  userErrors: UserErrorShape[];
}

type FieldBuilder = Parameters<
  NonNullable<
    Parameters<ReturnType<typeof builder.objectRef<PayloadShape>>['implement']>[0]['fields']
  >
>[0];

const payloadFields = {
  patient: (t: FieldBuilder) =>
    t.field({ type: Patient, description: 'The patient.', resolve: (each) => each.patient }),
  vendorAccount: (t: FieldBuilder) =>
    t.field({
      type: VendorAccount,
      description: 'The account.',
      resolve: (each) => each.vendorAccount,
    }),
  portalAccess: (t: FieldBuilder) =>
    t.field({
      type: PortalAccess,
      description: 'The way into the portal; if this mutation issued one, with its secret link.',
      resolve: (each) => each.portalAccess,
    }),
  followUp: (t: FieldBuilder) =>
    t.field({ type: FollowUp, description: 'The follow-up.', resolve: (each) => each.followUp }),
  order: (t: FieldBuilder) =>
    t.field({
      type: Order,
      description: 'The order that it follows up on.',
      resolve: (each) => each.order,
    }),
  visit: (t: FieldBuilder) =>
    t.field({ type: Visit, description: 'The visit.', resolve: (each) => each.visit }),
  appointment: (t: FieldBuilder) =>
    t.field({
      type: Appointment,
      description: 'The appointment as it stands now.',
      resolve: (each) => each.appointment,
    }),
  portalRequest: (t: FieldBuilder) =>
    t.field({
      type: PortalRequest,
      description: 'The request.',
      resolve: (each) => each.portalRequest,
    }),
  operation: (t: FieldBuilder) =>
    t.field({
      type: Operation,
      description: 'The write as the ledger has it; null where nothing was recorded.',
      resolve: (each) => each.operation,
    }),
  notice: (t: FieldBuilder) =>
    t.string({
      description:
        'What this answer does not hold, or as a repeated one no longer, and how to get it anew. Null otherwise.',
      resolve: (each) => each.notice,
    }),
  joinUrl: (t: FieldBuilder) =>
    t.field({
      type: 'URL',
      description: 'Where the patient joins, a bearer secret: send the browser there at once.',
      resolve: (each) => (each.joinUrl ?? null) as never,
    }),
  authorizationUrl: (t: FieldBuilder) =>
    t.field({
      type: 'URL',
      description: 'The vendor’s login: send the browser there.',
      resolve: (each) => (each.authorizationUrl ?? null) as never,
    }),
  expiresAt: (t: FieldBuilder) =>
    t.field({
      type: 'DateTime',
      description: 'Until when the login can be finished.',
      resolve: (each) => each.expiresAt,
    }),
};

type InputFieldBuilder = Parameters<
  Parameters<typeof builder.inputType<string, InputFieldMap>>[1]['fields']
>[0];

const idempotencyKey = (t: InputFieldBuilder) =>
  t.string({
    description:
      'The same key with the same input, from the same caller, returns the first result and calls no vendor again; with another input it is IDEMPOTENCY_CONFLICT. 1 to 255 printable ASCII characters without spaces, good for 30 days unless configured otherwise. Without a key, sending it twice is asking twice.',
  });

/** What went wrong with the task, as data; anything else leaves as a top-level error. */
async function settle(run: () => Promise<Outcome>): Promise<PayloadShape> {
  try {
    return { ...(await run()), userErrors: [] };
  } catch (error) {
    const userErrors = userErrorsOf(error);
    if (userErrors.length === 0) {
      throw error;
    }
    const known = error instanceof UserFailure ? (error.details.payload as Outcome) : {};
    return { ...known, userErrors };
  }
}

/** The patient whose record an input names by any of its ids. */
const patientNamedIn = (input: object): string | undefined =>
  Object.values(input)
    .map((value) => (typeof value === 'string' ? patientInId(value) : undefined))
    .find((found) => found !== undefined);

const capitalized = (name: string) => `${name.charAt(0).toUpperCase()}${name.slice(1)}`;

/**
 * One mutation: its input and payload types, the caller's right to try, and errors as data.
 * `writesAtVendor` adds what every vendor write has: an idempotency key and its operation.
 */
export function mutation<Fields extends InputFieldMap>(
  name: MutationName,
  options: {
    description: string;
    writesAtVendor?: boolean;
    /** Calls that it makes at vendors, at most, repetitions aside. */
    vendorCalls: number;
    input: (t: InputFieldBuilder) => Fields;
    payload: readonly (keyof typeof payloadFields)[];
    run: (context: GraphContext, input: InputShapeFromFields<Fields>) => Promise<Outcome>;
  },
): void {
  const { description, writesAtVendor = false, vendorCalls, run } = options;
  const Input = builder.inputType(`${capitalized(name)}Input`, {
    description: `Input of \`${name}\`.`,
    fields: (t) => ({
      ...options.input(t),
      ...(writesAtVendor ? { idempotencyKey: idempotencyKey(t) } : {}),
    }),
  });
  const Payload = builder.objectRef<PayloadShape>(`${capitalized(name)}Payload`).implement({
    description: `Answer of \`${name}\`.`,
    fields: (t) => ({
      ...Object.fromEntries(options.payload.map((field) => [field, payloadFields[field](t)])),
      ...(writesAtVendor ? { notice: payloadFields.notice(t) } : {}),
      userErrors: t.field({
        type: [UserError],
        nullable: false,
        description: 'Why it was not done; empty when it was.',
        resolve: (each) => each.userErrors,
      }),
    }),
  });
  builder.mutationField(name, (t) =>
    t.field({
      type: Payload,
      nullable: false,
      description,
      extensions: cost({ vendorCalls }),
      args: { input: t.arg({ type: Input, required: true, description: 'What to do, for whom.' }) },
      resolve: (_root, args, context) => {
        // The builder derives the same shape, but not in a form that names the generic parameter.
        const { input } = args as unknown as {
          input: InputShapeFromFields<Fields> & { idempotencyKey?: string | null };
        };
        context.access.requireMutation(name, patientNamedIn(input));
        const { idempotencyKey, ...asked } = input;
        return settle(() =>
          run({ ...context, idempotencyKey }, asked as InputShapeFromFields<Fields>),
        );
      },
    }),
  );
}

export type { InputFieldBuilder };
