import { skipToken } from '@tanstack/react-query';
import { useClinicRoomQuery } from '../../client/react.ts';
import { useSettled } from '../elements/settled.ts';
import { explainError } from '../problems/explain.ts';

/** Whether a room takes walk-ins now. */
export function RoomNote({ code }: { code: string }) {
  const settled = useSettled(code);
  const { data, error } = useClinicRoomQuery(settled === '' ? skipToken : { code: settled });
  const room = data?.clinicRoom;
  return (
    <p className="hint" role="status">
      {error && explainError(error).what}
      {data && !room && 'There is no such room.'}
      {room &&
        `${room.name ?? room.code}: ${
          !room.walkInEnabled ? 'takes no walk-ins' : room.open ? 'open for walk-ins' : 'closed now'
        }.`}
    </p>
  );
}
