import { useState } from 'react';
import type { AppointmentFieldsFragment } from '../../client/client.ts';
import { Instant } from '../elements/instant.tsx';
import { StatusTag } from '../elements/status-tag.tsx';
import { instantText } from '../elements/times.ts';
import { ZoneNote } from '../elements/zone-note.tsx';
import type { PatientRecord } from '../patient/patient-record.ts';
import { useClinicZone } from '../session/clinic-zone.ts';
import { AsapDialog } from './asap-dialog.tsx';
import { CancelDialog } from './cancel-dialog.tsx';
import { RescheduleDialog } from './reschedule-dialog.tsx';

export interface AppointmentTableProps {
  appointments: readonly AppointmentFieldsFragment[];
  patient: PatientRecord;
}

interface Change {
  kind: 'move' | 'cancel' | 'asap';
  appointment: AppointmentFieldsFragment;
}

const changes = { move: RescheduleDialog, cancel: CancelDialog, asap: AsapDialog };

/** Whether the practice tells about earlier times, or could; null where it has no such list. */
const asapTitle = ({ status, asapListSubscribed }: AppointmentFieldsFragment) =>
  status !== 'BOOKED' || asapListSubscribed === null
    ? undefined
    : asapListSubscribed
      ? 'Leave ASAP list'
      : 'Join ASAP list';

export function AppointmentTable({ appointments, patient }: AppointmentTableProps) {
  const clinicZone = useClinicZone();
  const [change, setChange] = useState<Change>();
  const ChangeDialog = change && changes[change.kind];
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
        <tbody>
          {appointments.map((appointment) => {
            const { id, start, title, practiceName, status } = appointment;
            const zone = zoneOf(appointment);
            const button = (kind: Change['kind'], word: string) => (
              <button
                type="button"
                aria-label={`${word}: ${title ?? 'appointment'}, ${instantText(start, zone)}`}
                onClick={() => setChange({ kind, appointment })}
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
      <ZoneNote zones={appointments.map(zoneOf)} />
      {change && ChangeDialog && (
        <ChangeDialog
          appointment={change.appointment}
          zone={zoneOf(change.appointment)}
          patient={patient}
          onClose={() => setChange(undefined)}
        />
      )}
    </>
  );
}
