import { useRef, useState } from 'react';
import type { PortalRequestFieldsFragment, Vendor } from '../../client/client.ts';
import { useInfinitePortalRequestsQuery } from '../../client/react.ts';
import { MoreButton } from '../elements/more-button.tsx';
import { ZoneNote } from '../elements/zone-note.tsx';
import type { PatientRecord } from '../patient/patient-record.ts';
import { sourceOf, VendorPart } from '../problems/vendor-part.tsx';
import { useClinicZone } from '../session/clinic-zone.ts';
import { DismissDialog } from './dismiss-dialog.tsx';
import { RequestEntry } from './request-entry.tsx';

/** What the patient asked for in one vendor's portal. */
export function RequestsOf({ patient, vendor }: { patient: PatientRecord; vendor: Vendor }) {
  const [dismissing, setDismissing] = useState<PortalRequestFieldsFragment>();
  const query = useInfinitePortalRequestsQuery({
    patientId: patient.id,
    filter: { vendor: [vendor] },
    first: 10,
  });
  const list = useRef<HTMLUListElement>(null);
  const zone = useClinicZone();
  const pages = (query.data?.pages ?? []).map((page) => page.patient?.portalRequests);
  const requests = pages.flatMap((page) => page?.nodes ?? []);
  return (
    <>
      <VendorPart
        vendor={vendor}
        query={query}
        source={sourceOf(pages)}
        empty="Nothing is waiting."
        isEmpty={requests.length === 0}
      >
        <ul className="entries" ref={list}>
          {requests.map((request) => (
            <RequestEntry
              key={request.id}
              request={request}
              zone={zone}
              onDismiss={() => setDismissing(request)}
            />
          ))}
        </ul>
        <MoreButton query={query} list={list} shown={requests.length} />
        <ZoneNote zones={requests.some(({ createdAt }) => createdAt !== null) ? [zone] : []} />
      </VendorPart>
      {/* Stays open, whatever the vendor answers when it is asked again. */}
      {dismissing && (
        <DismissDialog
          patient={patient}
          request={dismissing}
          onClose={() => setDismissing(undefined)}
        />
      )}
    </>
  );
}
