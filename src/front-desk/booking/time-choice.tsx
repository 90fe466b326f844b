import type { AvailabilityFieldsFragment, Vendor } from '../../client/client.ts';
import { Loading } from '../elements/loading.tsx';
import { vendorName } from '../elements/vendors.ts';
import { type Explanation, explainError } from '../problems/explain.ts';
import { ProblemNote } from '../problems/problem-note.tsx';
import { StaleNote } from '../problems/stale-note.tsx';
import type { VendorPartProps } from '../problems/vendor-part.tsx';
import { Step } from './step.tsx';
import { TimeList } from './time-list.tsx';

export interface TimeChoiceProps {
  vendor: Vendor;
  query: VendorPartProps['query'];
  problem?: Explanation | undefined;
  times: readonly AvailabilityFieldsFragment[];
  onChoose: (time: AvailabilityFieldsFragment) => void;
}

/** The step in which a time is chosen, from those that the vendor has now. */
export function TimeChoice({ vendor, query, problem, times, onChoose }: TimeChoiceProps) {
  const { data, error, isPending, isFetching, refetch } = query;
  const failed = data === undefined && error ? explainError(error) : problem;
  return (
    <Step title="Choose a time">
      {data !== undefined && <StaleNote query={query} />}
      {isPending ? (
        <Loading what={`Asking ${vendorName(vendor)} for free times`} />
      ) : failed ? (
        <ProblemNote {...failed} busy={isFetching} onRetry={() => void refetch()} />
      ) : times.length === 0 ? (
        <p className="empty">No time is free in the next weeks.</p>
      ) : (
        <TimeList times={times} onChoose={onChoose} />
      )}
    </Step>
  );
}
