import { usePatientRecordQuery } from '../../client/react.ts';
import { AccessCard } from '../access/access-card.tsx';
import { AppointmentsCard } from '../appointments/appointments-card.tsx';
import { Loading } from '../elements/loading.tsx';
import { OrderCard } from '../order/order-card.tsx';
import { explainError } from '../problems/explain.ts';
import { ProblemNote } from '../problems/problem-note.tsx';
import { RequestsCard } from '../requests/requests-card.tsx';
import { VisitsCard } from '../visits/visits-card.tsx';
import { PatientHeading } from './patient-heading.tsx';

/** One patient, all vendors: each part asks for itself, and waits for no other. */
export function PatientPage({ patientId }: { patientId: string }) {
  const { data, error, isFetching, refetch } = usePatientRecordQuery({ id: patientId });
  const patient = data?.patient;
  if (error) {
    return (
      <ProblemNote {...explainError(error)} busy={isFetching} onRetry={() => void refetch()} />
    );
  }
  if (data === undefined) {
    return <Loading what="Looking up the patient" />;
  }
  if (!patient) {
    return <p className="empty">There is no such patient. Find them by name.</p>;
  }
  return (
    <>
      <PatientHeading patient={patient} />
      <div className="cards">
        <AppointmentsCard patient={patient} />
        <AccessCard patient={patient} />
        <OrderCard patientId={patient.id} />
        <VisitsCard patientId={patient.id} />
        <RequestsCard patientId={patient.id} />
      </div>
    </>
  );
}
