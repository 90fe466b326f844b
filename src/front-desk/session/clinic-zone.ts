import { useClinicRoomQuery } from '../../client/react.ts';
import { settings } from '../settings.ts';

const ownZone = Intl.DateTimeFormat().resolvedOptions().timeZone;

/** Milliseconds. */
const askAgainAfter = 20_000;

/** The clinic's zone, as its room has it; this computer's until that is known. Always shown with its name. */
export function useClinicZone(): string {
  const { data } = useClinicRoomQuery(
    { code: settings.roomCode },
    {
      staleTime: Infinity,
      // All times of the page hang on it.
      refetchInterval: ({ state }) => (state.data === undefined ? askAgainAfter : false),
    },
  );
  return data?.clinicRoom?.timeZone ?? ownZone;
}
