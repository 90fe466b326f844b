import { usePatientRecordQuery } from '../../client/react.ts';
import { AccessCard } from '../access/access-card.tsx';
import { AppointmentsCard } from '../appointments/appointments-card.tsx';
import { Loading } from '../elements/loading.tsx';
import { OrderCard } from '../order/order-card.tsx';
import { explainError } from '../problems/explain.ts';
import { ProblemNote } from '../problems/problem-note.tsx';
import { StaleNote } from '../problems/stale-note.tsx';
import { RequestsCard } from '../requests/requests-card.tsx';
import { VisitsCard } from '../visits/visits-card.tsx';
import { PatientHeading } from './patient-heading.tsx';

/** One patient, all vendors: each part asks for itself, and waits for no other. */
export function PatientPage({ patientId }: { patientId: string }) {
  const query = usePatientRecordQuery({ id: patientId });
  const { data, error, isFetching, refetch } = query;
  const patient = data?.patient;
  if (data === undefined && error === null) {
    return <Loading what="Looking up the patient" />;
  }
  if (data === undefined && error?.code !== 'BAD_USER_INPUT') {
    return (
      <ProblemNote {...explainError(error)} busy={isFetching} onRetry={() => void refetch()} />
    );
  }
  if (!patient) {
    return (
      <>
        <h1>There is no such patient</h1>
        <p className="empty">
          The link was cut short, or the record is no longer there. Find the patient by name.
        </p>
      </>
    );
  }
  return (
    <>
      <StaleNote query={query} />
      <PatientHeading patient={patient} />
      <div className="cards">
        <AppointmentsCard patient={patient} />
        <AccessCard patient={patient} />
        <OrderCard patientId={patient.id} />
        <VisitsCard patient={patient} />
        <RequestsCard patient={patient} />
      </div>
    </>
  );
}
