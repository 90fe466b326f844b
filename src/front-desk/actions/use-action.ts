import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { PorticoError, UserErrorFieldsFragment } from '../../client/client.ts';
import type { MutationHook, QueryKey } from '../../client/react.ts';

/** What every mutation answers with. */
interface Payload {
  userErrors: readonly UserErrorFieldsFragment[];
}

export type ActionProblem =
  /** The request was refused. */
  | { kind: 'failed'; error: PorticoError }
  /** No answer came that says what became of it. */
  | { kind: 'lost'; error: PorticoError }
  | { kind: 'refused'; errors: readonly UserErrorFieldsFragment[] }
  /** The lost answer was looked up: it was not done. */
  | { kind: 'not-done' };

/** How the gateway says which entry is not what its field takes, such as a phone number of two digits; and what is. */
const misformed = /^Variable "\$input" got an invalid value at "([^"]+)"\.(?: Expected (a .+))?/;

/** After these it may have been done, unless this very machine was without a network. */
const saysNothing = ['NETWORK_ERROR', 'BAD_RESPONSE', 'INTERNAL_SERVER_ERROR'];

/** After these all is as it was; after other refusals what is shown may be what is out of date. */
const saysNothingNew: readonly UserErrorFieldsFragment['code'][] = [
  ...(['INVALID_INPUT', 'VENDOR_UNAVAILABLE', 'RATE_LIMITED', 'IDEMPOTENCY_CONFLICT'] as const),
];

/** That entry is the field's problem, as if the action itself had refused it; all else is the request's. */
function problemOf(error: PorticoError): ActionProblem {
  const [, place, expected] = misformed.exec(error.message) ?? [];
  if (place === undefined) {
    const isLost = navigator.onLine && saysNothing.includes(error.code);
    return { kind: isLost ? 'lost' : 'failed', error };
  }
  const message = expected ? `Enter ${expected}` : 'This is not in the form that is asked for.';
  const code = 'INVALID_INPUT';
  return {
    kind: 'refused',
    errors: [{ __typename: 'GeneralUserError', code, message, path: place.split('.') }],
  };
}

/** Whether the vendor may have done it although its answer was lost. */
const isUnknown = (problem: ActionProblem | undefined) =>
  problem?.kind === 'refused' &&
  problem.errors.some(({ __typename }) => __typename === 'OutcomeUnknownError');

/** Whether it has to be told first what became of it: sent in another way it could be done twice. */
export const isOpen = (problem: ActionProblem | undefined) =>
  problem?.kind === 'lost' || isUnknown(problem);

/** One mutation as a front desk does it: sent, perhaps refused, sent again, and then done. */
export interface Action<Input> {
  submit: (input: Input) => void;
  /** Sends the same again. The client gives it the same idempotency key until it is settled. */
  retry: () => void;
  /** For a write that was found undone: closes it, so that the next one is a new one. */
  giveUp: () => Promise<void>;
  /** Forgets the problem: something else is to be sent. */
  clear: () => void;
  busy: boolean;
  problem: ActionProblem | undefined;
  /** What a refusal says, also of single fields; empty without one. */
  errors: readonly UserErrorFieldsFragment[];
}

export interface ActionOptions<Data, Done extends Payload> {
  payloadOf: (data: Data) => Done;
  /** Query hooks whose answers it changes. */
  changes: readonly { getKey: () => QueryKey }[];
  onDone: (payload: Done) => void;
  /** Called with what comes beside the errors. */
  onRefused?: (payload: Done) => void;
}

export function useAction<Data, Given extends { input: unknown }, Done extends Payload>(
  useMutation: MutationHook<Data, Given>,
  { payloadOf, changes, onDone, onRefused }: ActionOptions<Data, Done>,
): Action<Given['input']> {
  const { mutateAsync, isPending } = useMutation();
  const queryClient = useQueryClient();
  const [last, setLast] = useState<Given>();
  const [problem, setProblem] = useState<ActionProblem>();

  /** The payload where it was done. What it changes is asked for anew unless it is certainly as it was. */
  async function send(variables: Given): Promise<Done | undefined> {
    setLast(variables);
    try {
      const payload = payloadOf(await mutateAsync(variables));
      const refused = payload.userErrors.length > 0;
      const found = refused
        ? ({ kind: 'refused', errors: payload.userErrors } as const)
        : undefined;
      setProblem(found);
      if (refused) {
        onRefused?.(payload);
      }
      if (payload.userErrors.every(({ code }) => !saysNothingNew.includes(code))) {
        for (const { getKey } of changes) {
          void queryClient.invalidateQueries({ queryKey: getKey() });
        }
      }
      return refused ? undefined : payload;
    } catch (error) {
      setProblem(problemOf(error as PorticoError));
      return undefined;
    }
  }

  async function finish(variables: Given) {
    const payload = await send(variables);
    if (payload !== undefined) {
      onDone(payload);
    }
  }

  return {
    submit: (input) => void finish({ input } as Given),
    retry: () => void (last && finish(last)),
    async giveUp() {
      if (last !== undefined) {
        await send(last);
        setProblem({ kind: 'not-done' });
      }
    },
    clear: () => setProblem(undefined),
    busy: isPending,
    problem,
    errors: problem?.kind === 'refused' ? problem.errors : [],
  };
}
