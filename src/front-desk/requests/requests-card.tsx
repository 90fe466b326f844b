import { Card } from '../elements/card.tsx';
import { RequestsOf } from './requests-of.tsx';

export const RequestsCard = ({ patientId }: { patientId: string }) => (
  <Card area="requests" title="Open portal requests">
    <div className="parts">
      <RequestsOf patientId={patientId} vendor="CERBO" />
      <RequestsOf patientId={patientId} vendor="MD_HQ" />
    </div>
  </Card>
);
