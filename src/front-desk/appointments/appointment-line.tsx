import type { AppointmentFieldsFragment } from '../../client/client.ts';
import { instantText, zoneText } from '../elements/times.ts';

/** Which appointment a dialog is about. */
export const AppointmentLine = (props: {
  appointment: AppointmentFieldsFragment;
  zone: string;
}) => (
  <p className="about">
    <strong>{props.appointment.title ?? 'Appointment'}</strong>
    <span className="detail">
      {instantText(props.appointment.start, props.zone)}, {zoneText(props.zone)}
    </span>
  </p>
);
