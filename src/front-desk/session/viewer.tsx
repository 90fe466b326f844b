import { createContext, type ReactNode, useContext } from 'react';
import { useViewerQuery } from '../../client/react.ts';
import { Loading } from '../elements/loading.tsx';
import { explainError } from '../problems/explain.ts';
import { ProblemNote } from '../problems/problem-note.tsx';

interface Viewer {
  isStaff: boolean;
  /** A patient's own record; undefined for staff, and before they are in the register. */
  patientId: string | undefined;
}

const ViewerContext = createContext<Viewer>({ isStaff: false, patientId: undefined });

export const useViewer = () => useContext(ViewerContext);

/** Finds out who is signed in before anything else is shown. */
export function ViewerGate({ children }: { children: ReactNode }) {
  const { data, error, isFetching, refetch } = useViewerQuery({}, { staleTime: Infinity });
  if (data !== undefined) {
    const { roles, patient } = data.viewer;
    const isStaff = roles.includes('STAFF') || roles.includes('ADMIN');
    return <ViewerContext value={{ isStaff, patientId: patient?.id }}>{children}</ViewerContext>;
  }
  return (
    <main id="content" className="single" tabIndex={-1}>
      {error === null ? (
        <Loading what="Signing in" />
      ) : (
        <ProblemNote {...explainError(error)} onRetry={() => void refetch()} busy={isFetching} />
      )}
    </main>
  );
}
