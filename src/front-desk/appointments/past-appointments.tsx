import type { Vendor } from '../../client/client.ts';
import { useInfiniteAppointmentsQuery } from '../../client/react.ts';
import { sourceOf, VendorPart } from '../problems/vendor-part.tsx';
import type { AppointmentChange } from './appointment-change.tsx';
import { AppointmentTable } from './appointment-table.tsx';

export interface PastAppointmentsProps {
  patientId: string;
  vendor: Vendor;
  onChange: (change: AppointmentChange) => void;
}

export function PastAppointments({ patientId, vendor, onChange }: PastAppointmentsProps) {
  const query = useInfiniteAppointmentsQuery({
    patientId,
    filter: { vendor: [vendor], status: ['CANCELLED', 'COMPLETED', 'UNKNOWN'] },
    first: 10,
  });
  const pages = (query.data?.pages ?? []).map((page) => page.patient?.appointments);
  const appointments = pages.flatMap((page) => page?.nodes ?? []);
  return (
    <VendorPart
      vendor={vendor}
      query={query}
      source={sourceOf(pages)}
      empty="None."
      isEmpty={appointments.length === 0}
    >
      <AppointmentTable appointments={appointments} query={query} onChange={onChange} />
    </VendorPart>
  );
}
