import { useState } from 'react';
import type { Vendor } from '../../client/client.ts';
import { useInfiniteAppointmentsQuery } from '../../client/react.ts';
import { ConnectButton } from '../connection/connect-button.tsx';
import { vendorName } from '../elements/vendors.ts';
import type { PatientRecord } from '../patient/patient-record.ts';
import { sourceOf, VendorPart } from '../problems/vendor-part.tsx';
import { type AppointmentChange, AppointmentChangeDialog } from './appointment-change.tsx';
import { AppointmentTable } from './appointment-table.tsx';
import { PastAppointments } from './past-appointments.tsx';

/** A patient's appointments at one vendor: those to come, and on request the others. */
export function AppointmentsOf({ patient, vendor }: { patient: PatientRecord; vendor: Vendor }) {
  const [showPast, setShowPast] = useState(false);
  const [change, setChange] = useState<AppointmentChange>();
  const query = useInfiniteAppointmentsQuery({
    patientId: patient.id,
    filter: { vendor: [vendor], status: ['BOOKED'] },
    first: 10,
  });
  const pages = (query.data?.pages ?? []).map((page) => page.patient?.appointments);
  const appointments = pages.flatMap((page) => page?.nodes ?? []);
  const source = sourceOf(pages);
  const connect = vendor === 'MY_PATIENT_PORTAL' && <ConnectButton patientId={patient.id} />;
  return (
    <>
      <VendorPart
        vendor={vendor}
        query={query}
        source={source}
        empty="Nothing is booked."
        isEmpty={appointments.length === 0}
        connect={connect}
        {...(vendor === 'VSEE' && { notLinked: 'Nothing is booked.' })}
      >
        <AppointmentTable appointments={appointments} query={query} onChange={setChange} />
      </VendorPart>
      {source?.state === 'OK' && (
        <details className="past" onToggle={({ currentTarget }) => setShowPast(currentTarget.open)}>
          <summary>
            Past and cancelled
            <span className="visually-hidden"> at {vendorName(vendor)}</span>
          </summary>
          {showPast && (
            <PastAppointments patientId={patient.id} vendor={vendor} onChange={setChange} />
          )}
        </details>
      )}
      {/* Stays open, whatever the vendor answers when it is asked again. */}
      {change && (
        <AppointmentChangeDialog
          change={change}
          patient={patient}
          onClose={() => setChange(undefined)}
        />
      )}
    </>
  );
}
