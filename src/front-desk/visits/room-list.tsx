import { useClinicRoomsQuery } from '../../client/react.ts';

/** What a field for a room's code suggests: the rooms that take walk-ins now. */
export function RoomList({ id }: { id: string }) {
  // A courtesy: without it the code has to be typed.
  const { data } = useClinicRoomsQuery({});
  return (
    <datalist id={id}>
      {data?.clinicRooms
        ?.filter(({ open, walkInEnabled }) => open && walkInEnabled)
        .map(({ code, name }) => (
          <option key={code} value={code}>
            {name}
          </option>
        ))}
    </datalist>
  );
}
