import type {
  AvailabilityFieldsFragment,
  MyPatientPortalAvailabilitySearch,
} from '../../client/client.ts';
import { useAvailabilitiesQuery } from '../../client/react.ts';
import { TimeChoice } from './time-choice.tsx';

export interface FreeTimesProps {
  patientId: string;
  search: MyPatientPortalAvailabilitySearch;
  onChoose: (time: AvailabilityFieldsFragment) => void;
}

export function FreeTimes({ patientId, search, onChoose }: FreeTimesProps) {
  // Each answer names the times anew, so that it is not asked for again while one is being chosen.
  const query = useAvailabilitiesQuery(
    { patientId, search: { myPatientPortal: search } },
    { staleTime: 0, refetchOnWindowFocus: false },
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
