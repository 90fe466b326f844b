import type { AvailabilityFieldsFragment } from '../../client/client.ts';
import type { Action } from '../actions/use-action.ts';
import { TimeList } from './time-list.tsx';

export interface OtherTimesProps {
  action: Pick<Action<never>, 'errors' | 'clear'>;
  onChoose: (time: AvailabilityFieldsFragment) => void;
}

/** What a vendor offers in place of a time that was taken meanwhile. */
export function OtherTimes({ action, onChoose }: OtherTimesProps) {
  const times = action.errors.flatMap((error) =>
    error.__typename === 'AvailabilityGoneError' ? error.alternatives : [],
  );
  if (times.length === 0) {
    return null;
  }
  const choose = (time: AvailabilityFieldsFragment) => {
    action.clear();
    onChoose(time);
  };
  return (
    <section className="step">
      <h3>Other free times</h3>
      <TimeList times={times} onChoose={choose} />
    </section>
  );
}
