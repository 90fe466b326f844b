import { skipToken } from '@tanstack/react-query';
import { useClinicRoomQuery } from '../../client/react.ts';
import { ChoiceField } from '../elements/choice-field.tsx';
import { useSettled } from '../elements/settled.ts';
import { explainError } from '../problems/explain.ts';

export interface RoomFieldsProps {
  code: string;
  /** What was wrong with the consultation that was chosen. */
  problem: string | undefined;
}

/** Whether a room takes walk-ins now, and what for where it offers several consultations. */
export function RoomFields({ code, problem }: RoomFieldsProps) {
  const settled = useSettled(code);
  const { data, error } = useClinicRoomQuery(settled === '' ? skipToken : { code: settled });
  const room = data?.clinicRoom;
  const choices = room?.consultations.flatMap(({ id, description, durationMinutes }) => {
    const length = durationMinutes === null ? '' : ` (${durationMinutes} minutes)`;
    return id === null ? [] : [[id, `${description ?? 'Consultation'}${length}`] as const];
  });
  return (
    <>
      <p className="hint" role="status">
        {error && explainError(error).what}
        {data && !room && 'There is no such room.'}
        {room &&
          `${room.name ?? room.code}: ${
            !room.walkInEnabled
              ? 'takes no walk-ins'
              : room.open
                ? 'open for walk-ins'
                : 'closed now'
          }.`}
      </p>
      {room?.walkInEnabled && choices && choices.length > 1 && (
        // A choice is of its room.
        <ChoiceField
          key={room.code}
          name="consultation"
          label="Consultation"
          problem={problem}
          choices={choices}
        />
      )}
    </>
  );
}
