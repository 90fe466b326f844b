import { errorsOf } from '../../client/client.ts';
import { useLatestOrderQuery } from '../../client/react.ts';
import { Card } from '../elements/card.tsx';
import { explainReport } from '../problems/explain.ts';
import { VendorPart } from '../problems/vendor-part.tsx';

export function OrderCard({ patientId }: { patientId: string }) {
  const query = useLatestOrderQuery({ patientId });
  const order = query.data?.patient?.latestOrder;
  const [missing] = errorsOf(query.data, 'patient', 'latestOrder');
  const isLinked = missing?.code !== 'NOT_LINKED';
  return (
    <Card area="order" title="Latest order">
      <VendorPart
        vendor="NIMBUS"
        query={query}
        problem={missing && isLinked ? explainReport(missing) : undefined}
        empty={isLinked ? 'No order yet.' : 'The patient is not onboarded at Nimbus yet.'}
        isEmpty={!order}
      >
        <dl className="facts">
          <div>
            <dt>Order</dt>
            <dd>{order?.id}</dd>
          </div>
          <div>
            <dt>Portal</dt>
            <dd>{order?.tenantDomain}</dd>
          </div>
        </dl>
      </VendorPart>
    </Card>
  );
}
