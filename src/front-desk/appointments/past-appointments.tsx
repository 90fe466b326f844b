import type { Vendor } from '../../client/client.ts';
import { useInfiniteAppointmentsQuery } from '../../client/react.ts';
import { MoreButton } from '../elements/more-button.tsx';
import type { PatientRecord } from '../patient/patient-record.ts';
import { VendorPart } from '../problems/vendor-part.tsx';
import { AppointmentTable } from './appointment-table.tsx';

export function PastAppointments({ patient, vendor }: { patient: PatientRecord; vendor: Vendor }) {
  const query = useInfiniteAppointmentsQuery({
    patientId: patient.id,
    filter: { vendor: [vendor], status: ['CANCELLED', 'COMPLETED', 'UNKNOWN'] },
    first: 10,
  });
  const pages = (query.data?.pages ?? []).map((page) => page.patient?.appointments);
  const appointments = pages.flatMap((page) => page?.nodes ?? []);
  return (
    <VendorPart
      vendor={vendor}
      query={query}
      source={pages[0]?.sources[0]}
      empty="None."
      isEmpty={appointments.length === 0}
    >
      <AppointmentTable appointments={appointments} patient={patient} />
      <MoreButton query={query} />
    </VendorPart>
  );
}
