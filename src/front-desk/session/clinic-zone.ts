import { useClinicRoomQuery } from '../../client/react.ts';
import { settings } from '../settings.ts';

const ownZone = Intl.DateTimeFormat().resolvedOptions().timeZone;

/** The clinic's zone, as its room has it; this computer's until that is known. Always shown with its name. */
export function useClinicZone(): string {
  const { data } = useClinicRoomQuery(
    { code: settings.roomCode },
    { staleTime: Infinity, retryOnMount: false },
  );
  return data?.clinicRoom?.timeZone ?? ownZone;
}
