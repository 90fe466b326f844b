import type { ReactNode } from 'react';
import type { PorticoError, SourceFieldsFragment, Vendor } from '../../client/client.ts';
import { Loading } from '../elements/loading.tsx';
import { vendorName } from '../elements/vendors.ts';
import { type Explanation, explainError, explainSource } from './explain.ts';
import { ProblemNote } from './problem-note.tsx';
import { StaleNote } from './stale-note.tsx';

export interface VendorPartProps {
  vendor: Vendor;
  /** The query that asks this vendor and no other. */
  query: {
    data: unknown;
    isPending: boolean;
    isFetching: boolean;
    error: PorticoError | null;
    refetch: () => unknown;
  };
  /** How the vendor answered, where it is one of several that a list gathers from, see `sourceOf`. */
  source?: SourceFieldsFragment | undefined;
  /** Why a single value of it is missing. */
  problem?: Explanation | undefined;
  /** Said in place of `children` where there are none. */
  empty: string;
  isEmpty: boolean;
  /** Said where the patient has no account at the vendor; default that. */
  notLinked?: string;
  /** What helps where the patient has not connected the vendor. */
  connect?: ReactNode;
  children: ReactNode;
}

/**
 * How a vendor answered for a list of its own. A page that it did not answer for looks like the last one, so
 * one that failed speaks for all.
 */
export function sourceOf(
  pages: readonly ({ sources: readonly SourceFieldsFragment[] } | undefined)[],
): SourceFieldsFragment | undefined {
  const sources = pages.flatMap((page) => page?.sources ?? []);
  return sources.find(({ state }) => state !== 'OK') ?? sources[0];
}

/** What one vendor contributes to a card: on its way, failed, not linked, empty, or there. */
export function VendorPart(props: VendorPartProps) {
  const { vendor, query, source } = props;
  const name = vendorName(vendor);
  return (
    <div className="vendor-part" data-vendor={vendor} aria-busy={query.isFetching}>
      <p className="vendor-name">{name}</p>
      {query.data !== undefined && <StaleNote query={query} />}
      {query.isPending ? <Loading what={`Asking ${name}`} /> : <Answered {...props} />}
      {source?.state === 'AUTHORIZATION_REQUIRED' && props.connect}
    </div>
  );
}

function Answered(props: VendorPartProps) {
  const { vendor, query, source, empty, isEmpty, children } = props;
  const { notLinked = `The patient has no account at ${vendorName(vendor)} yet.` } = props;
  const { error, isFetching } = query;
  const failed = query.data === undefined && error;
  const problem = failed
    ? explainError(failed)
    : ((source && explainSource(source)) ?? props.problem);
  if (problem) {
    const { what } = problem;
    return (
      <>
        <ProblemNote
          {...problem}
          what={isEmpty ? what : `Not all is shown. ${what}`}
          busy={isFetching}
          onRetry={() => void query.refetch()}
        />
        {!isEmpty && children}
      </>
    );
  }
  switch (source?.state) {
    case 'NOT_LINKED':
      return (
        <>
          <p className="empty">{notLinked}</p>
          {props.connect}
        </>
      );
    case 'NOT_CONFIGURED':
      return <p className="empty">This clinic does not use {vendorName(vendor)}.</p>;
    case 'AUTHORIZATION_REQUIRED':
      return <p className="empty">{vendorName(vendor)} asks for the patient’s consent again.</p>;
    default:
      return isEmpty ? <p className="empty">{empty}</p> : children;
  }
}
