import SchemaBuilder from '@pothos/core';
import ScopeAuthPlugin from '@pothos/plugin-scope-auth';
import type { ActionEnvironment } from '../actions/environment.ts';
import type { EarlierSlotWatch } from '../actions/watch-earlier-slots.ts';
import { forbidden } from '../domain/errors.ts';
import type { Operation } from '../domain/operations.ts';
import type { CalendarDate } from '../domain/records.ts';
import type { RequestScope } from '../domain/request.ts';

/** What resolvers work with; `context.ts` makes one for each request. */
export interface GraphContext extends ActionEnvironment {
  requestId: string;
  /** For reads: ends when the client hangs up. */
  scope: RequestScope;
  /** For subscriptions; of this process. */
  earlierSlots: EarlierSlotWatch;
  /** Told where what was done is not in the answer: its secrets are kept for the next one. */
  onAnswerLost: () => void;
}

type Scalar<Output, Input = Output> = { Input: Input; Output: Output };

export interface GraphTypes {
  Context: GraphContext;
  AuthScopes: {
    /** The caller may reach this patient's data; stands on every type that holds some. */
    record: string;
    /** The same of what its vendor holds: that it was asked for the patient is in the log of access already. */
    vendorRecord: string;
    /** The caller sent this write, or is STAFF. */
    operation: Operation;
  };
  Scalars: {
    ID: Scalar<string>;
    Date: Scalar<CalendarDate>;
    DateTime: Scalar<Date>;
    EmailAddress: Scalar<string>;
    _Any: Scalar<Record<string, unknown>>;
    JSONObject: Scalar<Record<string, unknown>>;
    PhoneNumber: Scalar<string>;
    TimeZone: Scalar<string>;
    URL: Scalar<string, URL>;
  };
}

export const builder = new SchemaBuilder<GraphTypes>({
  plugins: [ScopeAuthPlugin],
  scopeAuth: {
    authScopes: ({ access, trail }) => {
      const read = (patientId: string, allowed: boolean) => {
        const outcome = allowed ? 'ALLOWED' : 'DENIED';
        trail.record({ patientId, vendor: null, action: 'read', outcome });
        return allowed;
      };
      return {
        record: (patientId) => read(patientId, access.mayReach(patientId)),
        vendorRecord: (patientId) => {
          const allowed = access.mayReach(patientId);
          return (allowed && trail.hasAllowed(patientId)) || read(patientId, allowed);
        },
        operation: (operation) => access.mayReachOperation(operation),
      };
    },
    unauthorizedError: forbidden,
    // Checked once for each object, also for those that no field of ours was selected on.
    runScopesOnType: true,
  },
});

builder.queryType({
  description:
    'What can be asked. Every operation needs a bearer token of the clinic’s identity provider.',
});
builder.mutationType({
  description:
    'What can be done. Each mutation answers with a payload; what went wrong with the task itself is in its `userErrors`.',
});
