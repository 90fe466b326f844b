import { useState } from 'react';
import { type BookingWalkthroughQuery, errorsOf } from '../../client/client.ts';
import { useBookingWalkthroughQuery } from '../../client/react.ts';
import { ConnectButton } from '../connection/connect-button.tsx';
import { Dialog } from '../elements/dialog.tsx';
import { Loading } from '../elements/loading.tsx';
import type { PatientRecord } from '../patient/patient-record.ts';
import { explainError, explainReport } from '../problems/explain.ts';
import { ProblemNote } from '../problems/problem-note.tsx';
import { askedOnce } from '../settings.ts';
import { BookingSteps } from './booking-steps.tsx';

/** Books through MyPatientPortal's walkthrough: insurance, category, type, time. */
export function BookingDialog(props: { patient: PatientRecord; onClose: () => void }) {
  const { patient, onClose } = props;
  const patientId = patient.id;
  const query = useBookingWalkthroughQuery({ patientId }, { ...askedOnce, staleTime: 5 * 60_000 });
  return (
    <Dialog title="Book an appointment" patient={patient} onClose={onClose}>
      {query.isPending ? (
        <Loading what="Asking MyPatientPortal what can be booked" />
      ) : (
        <Walkthrough patientId={patientId} onClose={onClose} query={query} />
      )}
    </Dialog>
  );
}

function Walkthrough(props: {
  patientId: string;
  onClose: () => void;
  query: ReturnType<typeof useBookingWalkthroughQuery<BookingWalkthroughQuery>>;
}) {
  const { patientId, onClose, query } = props;
  // What arrived may have gaps; the step that has one says so and asks again.
  const [first] = errorsOf(query.data, 'patient');
  const [round, setRound] = useState(0);
  const problem = query.error ? explainError(query.error) : first && explainReport(first);
  const insurances = query.data?.patient?.insurances;
  const retry = async () => {
    await query.refetch();
    setRound(round + 1);
  };
  return (
    <>
      {problem && <ProblemNote {...problem} busy={query.isFetching} onRetry={() => void retry()} />}
      {first?.code === 'AUTHORIZATION_REQUIRED' && <ConnectButton patientId={patientId} />}
      {insurances && (
        <BookingSteps key={round} patientId={patientId} insurances={insurances} onClose={onClose} />
      )}
    </>
  );
}
