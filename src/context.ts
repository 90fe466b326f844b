import type { ActionSettings } from './actions/environment.ts';
import type { Flights } from './actions/ledgered.ts';
import type { EarlierSlotWatch } from './actions/watch-earlier-slots.ts';
import { Access, type Caller } from './auth/access.ts';
import { AccessTrail } from './auth/access-trail.ts';
import { CodedError } from './domain/errors.ts';
import { type RequestScope, scopeForWrites, type VendorCallRecord } from './domain/request.ts';
import type { Sealer, Store } from './domain/store.ts';
import type { VendorDirectory } from './domain/vendor.ts';
import type { GraphContext } from './graph/builder.ts';
import { Loaders } from './loaders/loaders.ts';

/** What lives as long as the server and goes into every request. */
export interface Parts {
  store: Store;
  vendors: VendorDirectory;
  sealer: Sealer;
  /** Milliseconds since the epoch. */
  clock: () => number;
  settings: ActionSettings;
  flights: Flights;
  earlierSlots: EarlierSlotWatch;
  /** Milliseconds that one request may take, all vendor calls together. */
  requestTimeout: number;
  /** Calls at vendors that the reads of one request may make. */
  mostVendorCalls: number;
}

export interface RequestParts {
  requestId: string;
  caller: Caller;
  /** Aborts when the client is gone. Each vendor call listens to it: it must not mind many listeners. */
  signal?: AbortSignal | undefined;
  onVendorCall: (call: VendorCallRecord) => void;
  onSecretsInAnswer: (operationId: string) => void;
  onAnswerLost: () => void;
}

/**
 * What a query may cost is reckoned before it is executed; this is for lists that turn out longer than
 * anybody could reckon.
 */
function atMost(calls: number): () => void {
  let made = 0;
  return () => {
    made += 1;
    if (made > calls) {
      throw new CodedError('QUERY_TOO_COSTLY', 'This takes too many vendor calls. Ask for less.');
    }
  };
}

/** New for every request: nothing in it is shared between callers. */
export async function createContext(parts: Parts, request: RequestParts): Promise<GraphContext> {
  const { store, vendors, sealer, clock, settings, flights, requestTimeout, mostVendorCalls } =
    parts;
  const { requestId, caller, signal, onVendorCall } = request;
  const scope: RequestScope = {
    requestId,
    deadline: clock() + requestTimeout,
    signal,
    onVendorCall,
    beforeVendorCall: atMost(mostVendorCalls),
  };
  const trail = new AccessTrail();
  const own = caller.roles.has('PATIENT')
    ? await store.patients.findBySubject(caller.subject)
    : undefined;
  return {
    requestId,
    scope,
    writeScope: scopeForWrites(scope),
    access: new Access(caller, own?.id, trail),
    trail,
    store,
    vendors,
    sealer,
    clock,
    settings,
    flights,
    earlierSlots: parts.earlierSlots,
    onSecretsInAnswer: request.onSecretsInAnswer,
    onAnswerLost: request.onAnswerLost,
    loaders: new Loaders({ scope, store, vendors, trail, clock }),
  };
}
