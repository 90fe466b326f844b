import { BusyButton } from '../elements/busy-button.tsx';
import { soonText, zoneText } from '../elements/times.ts';
import { useClinicZone } from '../session/clinic-zone.ts';
import type { Explanation } from './explain.ts';

export interface ProblemNoteProps extends Explanation {
  /** Absent where trying again cannot help. */
  onRetry?: (() => void) | undefined;
  busy?: boolean;
}

/** What happened, what to do next, and a way to do it. */
export function ProblemNote(props: ProblemNoteProps) {
  const { what, next, reference, retryAt, onRetry, busy = false } = props;
  const zone = useClinicZone();
  return (
    <div className="problem" role="alert">
      <p>
        <strong>{what}</strong> {next}
        {retryAt !== undefined && ` Best after ${soonText(retryAt, zone)}, ${zoneText(zone)}.`}
      </p>
      {onRetry && (
        <BusyButton busy={busy} onClick={onRetry}>
          Try again
        </BusyButton>
      )}
      {reference !== undefined && <p className="reference">Reference {reference}</p>}
    </div>
  );
}
