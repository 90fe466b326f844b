import { useState } from 'react';
import { BookingDialog } from '../booking/booking-dialog.tsx';
import { Card } from '../elements/card.tsx';
import { isLinked, type PatientRecord } from '../patient/patient-record.ts';
import { AppointmentsOf } from './appointments-of.tsx';

export function AppointmentsCard({ patient }: { patient: PatientRecord }) {
  const [booking, setBooking] = useState(false);
  return (
    <Card
      area="appointments"
      title="Appointments"
      actions={
        isLinked(patient, 'MY_PATIENT_PORTAL') && (
          <button type="button" className="primary" onClick={() => setBooking(true)}>
            Book an appointment
          </button>
        )
      }
    >
      <AppointmentsOf patient={patient} vendor="MY_PATIENT_PORTAL" />
      <AppointmentsOf patient={patient} vendor="VSEE" />
      {booking && <BookingDialog patient={patient} onClose={() => setBooking(false)} />}
    </Card>
  );
}
