import { Card } from '../elements/card.tsx';
import { RequestsOf } from './requests-of.tsx';

export const RequestsCard = ({ patientId }: { patientId: string }) => (
  <Card title="Open portal requests">
    <RequestsOf patientId={patientId} vendor="CERBO" />
    <RequestsOf patientId={patientId} vendor="MD_HQ" />
  </Card>
);
