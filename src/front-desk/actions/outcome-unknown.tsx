import { useEffect, useRef, useState } from 'react';
import type {
  OperationFieldsFragment,
  PorticoError,
  SettledOutcome,
  UserErrorFieldsFragment,
} from '../../client/client.ts';
import { useReconcileOperationMutation } from '../../client/react.ts';
import { BusyButton } from '../elements/busy-button.tsx';
import { vendorName } from '../elements/vendors.ts';
import { explainError } from '../problems/explain.ts';
import { useViewer } from '../session/viewer.tsx';
import type { Action } from './use-action.ts';

export interface OutcomeUnknownProps {
  operation: OperationFieldsFragment;
  action: Pick<Action<never>, 'retry' | 'giveUp' | 'busy'>;
}

/** The answer to a write was lost: looks it up at the vendor before anything is done twice. */
export function OutcomeUnknown({ operation, action }: OutcomeUnknownProps) {
  const { isStaff } = useViewer();
  const { mutateAsync, isPending } = useReconcileOperationMutation();
  const [answer, setAnswer] = useState<UserErrorFieldsFragment['code'] | PorticoError>();
  const note = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (answer !== undefined) {
      note.current?.scrollIntoView({ block: 'nearest' });
    }
  }, [answer]);
  const vendor = operation.vendor === null ? 'The vendor' : vendorName(operation.vendor);
  const busy = isPending || action.busy;

  async function lookUp(outcome?: SettledOutcome) {
    try {
      const input = { operationId: operation.id, ...(outcome && { outcome }) };
      const { reconcileOperation: found } = await mutateAsync({ input });
      if (found.operation?.status === 'SUCCEEDED') {
        // The same key brings what the first answer would have brought.
        action.retry();
      } else if (found.operation?.status === 'FAILED') {
        await action.giveUp();
      } else {
        setAnswer(found.userErrors[0]?.code ?? 'OUTCOME_UNKNOWN');
      }
    } catch (error) {
      setAnswer(error as PorticoError);
    }
  }

  return (
    <div className="problem" role="alert" ref={note}>
      <p>
        <strong>{vendor} may have done this, or not: its answer got lost.</strong> Look it up before
        you do anything else, so that nothing is done twice.
      </p>
      <BusyButton look="primary" busy={busy} onClick={() => void lookUp()}>
        Look it up at {vendor}
      </BusyButton>
      {answer !== undefined && <p>{wordsFor(answer, vendor)}</p>}
      {answer === 'UNSUPPORTED_BY_VENDOR' && isStaff && (
        <div className="buttons">
          <BusyButton busy={busy} onClick={() => void lookUp('SUCCEEDED')}>
            It was done
          </BusyButton>
          <BusyButton busy={busy} onClick={() => void lookUp('FAILED')}>
            It was not done
          </BusyButton>
        </div>
      )}
    </div>
  );
}

function wordsFor(answer: UserErrorFieldsFragment['code'] | PorticoError, vendor: string): string {
  if (typeof answer === 'object') {
    const { what, next } = explainError(answer);
    return `${what} ${next}`;
  }
  switch (answer) {
    case 'UNSUPPORTED_BY_VENDOR':
      return `${vendor} cannot be asked about this. Call them, or look into their own screens, and say here what you found; it is recorded who said so.`;
    case 'VENDOR_UNAVAILABLE':
    case 'RATE_LIMITED':
      return `${vendor} cannot be asked at the moment. Look it up again later.`;
    case 'AUTHORIZATION_REQUIRED':
      return `${vendor} asks for the patient’s consent first. Connect the patient in another tab, then look it up again.`;
    default:
      return `${vendor} may still be working on it. Look it up again in half a minute.`;
  }
}
