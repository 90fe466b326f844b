import { useRef } from 'react';
import type { AppointmentFieldsFragment } from '../../client/client.ts';
import { Instant } from '../elements/instant.tsx';
import { MoreButton, type MoreButtonProps } from '../elements/more-button.tsx';
import { StatusTag } from '../elements/status-tag.tsx';
import { instantText } from '../elements/times.ts';
import { ZoneNote } from '../elements/zone-note.tsx';
import { useClinicZone } from '../session/clinic-zone.ts';
import type { AppointmentChange } from './appointment-change.tsx';

export interface AppointmentTableProps {
  appointments: readonly AppointmentFieldsFragment[];
  query: MoreButtonProps['query'];
  onChange: (change: AppointmentChange) => void;
}

/** Whether the practice tells about earlier times, or could; null where it has no such list. */
const asapTitle = ({ status, asapListSubscribed }: AppointmentFieldsFragment) =>
  status !== 'BOOKED' || asapListSubscribed === null
    ? undefined
    : asapListSubscribed
      ? 'Leave ASAP list'
      : 'Join ASAP list';

export function AppointmentTable({ appointments, query, onChange }: AppointmentTableProps) {
  const rows = useRef<HTMLTableSectionElement>(null);
  const clinicZone = useClinicZone();
  const zoneOf = ({ timeZone }: AppointmentFieldsFragment) => timeZone ?? clinicZone;
  return (
    <>
      <table className="rows">
        <thead>
          <tr>
            <th scope="col">When</th>
            <th scope="col">What</th>
            <th scope="col">Status</th>
            <th scope="col">
              <span className="visually-hidden">Changes</span>
            </th>
          </tr>
        </thead>
        <tbody ref={rows}>
          {appointments.map((appointment) => {
            const { id, start, title, practiceName, status } = appointment;
            const zone = zoneOf(appointment);
            const button = (kind: AppointmentChange['kind'], word: string) => (
              <button
                type="button"
                aria-label={`${word}: ${title ?? 'appointment'}, ${instantText(start, zone)}`}
                onClick={() => onChange({ kind, appointment })}
              >
                {word}
              </button>
            );
            const asap = asapTitle(appointment);
            return (
              <tr key={id}>
                <td data-label="When">
                  <Instant at={start} zone={zone} />
                </td>
                <td data-label="What">
                  <strong>{title ?? 'Appointment'}</strong>
                  <span className="detail">
                    {[practiceName, appointment.isVideoConsultation && 'by video']
                      .filter(Boolean)
                      .join(', ')}
                  </span>
                </td>
                <td data-label="Status">
                  <StatusTag status={status} />
                </td>
                <td className="row-actions">
                  {appointment.reschedulable && button('move', 'Reschedule')}
                  {asap && button('asap', asap)}
                  {appointment.cancellable && button('cancel', 'Cancel')}
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
      <MoreButton query={query} list={rows} shown={appointments.length} />
      <ZoneNote zones={appointments.map(zoneOf)} />
    </>
  );
}
