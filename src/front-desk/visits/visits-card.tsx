import { useRef, useState } from 'react';
import type { VisitFieldsFragment } from '../../client/client.ts';
import { useInfiniteVisitsQuery } from '../../client/react.ts';
import { Card } from '../elements/card.tsx';
import { Instant } from '../elements/instant.tsx';
import { MoreButton } from '../elements/more-button.tsx';
import { StatusTag, titleOf } from '../elements/status-tag.tsx';
import { ZoneNote } from '../elements/zone-note.tsx';
import { isLinked, type PatientRecord } from '../patient/patient-record.ts';
import { sourceOf, VendorPart } from '../problems/vendor-part.tsx';
import { useClinicZone } from '../session/clinic-zone.ts';
import { providerName } from './provider-name.ts';
import { VisitsLinkDialog } from './visits-link-dialog.tsx';
import { WalkInDialog } from './walk-in-dialog.tsx';

const providerText = ({ provider }: VisitFieldsFragment) =>
  provider === null ? 'not assigned' : providerName(provider);

export function VisitsCard({ patient }: { patient: PatientRecord }) {
  const patientId = patient.id;
  const [task, setTask] = useState<'walk-in' | 'link'>();
  const query = useInfiniteVisitsQuery({ patientId, first: 10 });
  const rows = useRef<HTMLTableSectionElement>(null);
  const zone = useClinicZone();
  const pages = (query.data?.pages ?? []).map(({ patient }) => patient?.visits);
  const visits = pages.flatMap((page) => page?.nodes ?? []);
  const timed = visits.some(({ start, actualStart }) => start ?? actualStart);
  const close = () => setTask(undefined);
  return (
    <Card
      area="visits"
      title="Visits"
      actions={
        <>
          <button type="button" onClick={() => setTask('walk-in')}>
            Start a walk-in
          </button>
          {isLinked(patient, 'VSEE') && (
            <button type="button" onClick={() => setTask('link')}>
              New VSee link
            </button>
          )}
        </>
      }
    >
      <VendorPart
        vendor="VSEE"
        query={query}
        source={sourceOf(pages)}
        empty="No visits yet."
        notLinked="No visits yet."
        isEmpty={visits.length === 0}
      >
        <table className="rows">
          <thead>
            <tr>
              <th scope="col">Visit</th>
              <th scope="col">When</th>
              <th scope="col">Provider</th>
              <th scope="col">Status</th>
            </tr>
          </thead>
          <tbody ref={rows}>
            {visits.map((visit) => {
              const at = visit.actualStart ?? visit.start;
              return (
                <tr key={visit.id}>
                  <td data-label="Visit">
                    <strong>{titleOf(visit.kind)}</strong>
                    {visit.reason && <span className="detail">{visit.reason}</span>}
                  </td>
                  <td data-label="When">{at ? <Instant at={at} zone={zone} /> : 'no set time'}</td>
                  <td data-label="Provider">{providerText(visit)}</td>
                  <td data-label="Status">
                    <StatusTag status={visit.status} />
                  </td>
                </tr>
              );
            })}
          </tbody>
        </table>
        <MoreButton query={query} list={rows} shown={visits.length} />
        <ZoneNote zones={timed ? [zone] : []} />
      </VendorPart>
      {task === 'walk-in' && (
        <WalkInDialog patient={patient} onNewLink={() => setTask('link')} onClose={close} />
      )}
      {task === 'link' && <VisitsLinkDialog patient={patient} onClose={close} />}
    </Card>
  );
}
