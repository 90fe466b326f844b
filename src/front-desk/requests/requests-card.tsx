import { Card } from '../elements/card.tsx';
import type { PatientRecord } from '../patient/patient-record.ts';
import { RequestsOf } from './requests-of.tsx';

export const RequestsCard = ({ patient }: { patient: PatientRecord }) => (
  <Card area="requests" title="Open portal requests">
    <div className="parts">
      <RequestsOf patient={patient} vendor="CERBO" />
      <RequestsOf patient={patient} vendor="MD_HQ" />
    </div>
  </Card>
);
