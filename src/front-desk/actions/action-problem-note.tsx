import type { ReactNode } from 'react';
import type { UserErrorFieldsFragment } from '../../client/client.ts';
import { explainError, explainRefusal } from '../problems/explain.ts';
import { ProblemNote } from '../problems/problem-note.tsx';
import { useViewer } from '../session/viewer.tsx';
import { OutcomeUnknown } from './outcome-unknown.tsx';
import type { Action } from './use-action.ts';

/** After these the same can be sent again as it is. */
const worthRetrying: readonly string[] = ['VENDOR_UNAVAILABLE', 'RATE_LIMITED'];

/** What leads on after a refusal, by its code. */
export type ActionHelp = Partial<Record<UserErrorFieldsFragment['code'], ReactNode>>;

/** Why an action was not done, and the way on from there. */
export function ActionProblemNote(props: {
  action: Pick<Action<never>, 'problem' | 'retry' | 'giveUp' | 'busy'>;
  help?: ActionHelp | undefined;
}) {
  const { action, help } = props;
  const { problem, busy, retry } = action;
  const { isStaff } = useViewer();
  if (problem === undefined) {
    return null;
  }
  if (problem.kind === 'failed') {
    return <ProblemNote {...explainError(problem.error)} busy={busy} onRetry={retry} />;
  }
  if (problem.kind === 'lost') {
    return (
      <ProblemNote
        {...explainError(problem.error)}
        next="This may have been done all the same. Try again before you do anything else: nothing is done twice."
        busy={busy}
        onRetry={retry}
      />
    );
  }
  if (problem.kind === 'not-done') {
    return (
      <ProblemNote
        what="It was not done."
        next="You can safely do it again."
        busy={busy}
        onRetry={retry}
      />
    );
  }
  return problem.errors.map((error) =>
    error.__typename === 'OutcomeUnknownError' ? (
      <OutcomeUnknown key={error.code} operation={error.operation} action={action} />
    ) : (
      <div key={`${error.code} ${error.path}`}>
        <ProblemNote
          {...explainRefusal(error, isStaff)}
          busy={busy}
          onRetry={worthRetrying.includes(error.code) ? retry : undefined}
        />
        {help?.[error.code]}
      </div>
    ),
  );
}
