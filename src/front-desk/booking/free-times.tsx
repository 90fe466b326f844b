import type {
  AvailabilityFieldsFragment,
  MyPatientPortalAvailabilitySearch,
} from '../../client/client.ts';
import { useAvailabilitiesQuery } from '../../client/react.ts';
import { askedOnce } from '../settings.ts';
import { TimeChoice } from './time-choice.tsx';

export interface FreeTimesProps {
  patientId: string;
  search: MyPatientPortalAvailabilitySearch;
  onChoose: (time: AvailabilityFieldsFragment) => void;
}

export function FreeTimes({ patientId, search, onChoose }: FreeTimesProps) {
  // Each answer names the times anew.
  const query = useAvailabilitiesQuery(
    { patientId, search: { myPatientPortal: search } },
    { ...askedOnce, staleTime: 0 },
  );
  return (
    <TimeChoice
      vendor="MY_PATIENT_PORTAL"
      query={query}
      times={query.data?.availabilities ?? []}
      onChoose={onChoose}
    />
  );
}
