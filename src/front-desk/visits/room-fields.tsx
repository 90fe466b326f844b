import { skipToken } from '@tanstack/react-query';
import { useClinicRoomQuery, useRoomProvidersQuery } from '../../client/react.ts';
import { ChoiceField } from '../elements/choice-field.tsx';
import { useSettled } from '../elements/settled.ts';
import { explainError } from '../problems/explain.ts';
import { providerName } from './provider-name.ts';

export interface RoomFieldsProps {
  code: string;
  /** What was wrong with what was chosen. */
  problems: Readonly<Record<'consultation' | 'provider', string | undefined>>;
}

/** Whether a room takes walk-ins now, whom to, and what for where it offers several consultations. */
export function RoomFields({ code, problems }: RoomFieldsProps) {
  const settled = useSettled(code);
  const { data, error } = useClinicRoomQuery(settled === '' ? skipToken : { code: settled });
  const room = data?.clinicRoom;
  const isOpen = room?.walkInEnabled === true && room.open;
  // A courtesy: where it cannot be had, the clinic chooses.
  const { data: staffed } = useRoomProvidersQuery(isOpen ? { code: room.code } : skipToken);
  const consultations = room?.consultations.flatMap(({ id, description, durationMinutes }) => {
    const length = durationMinutes === null ? '' : ` (${durationMinutes} minutes)`;
    return id === null ? [] : [[id, `${description ?? 'Consultation'}${length}`] as const];
  });
  const providers = staffed?.clinicRoom?.providers?.map(
    (provider) => [provider.id, providerName(provider)] as const,
  );
  return (
    <>
      <p className="hint" role="status">
        {error && explainError(error).what}
        {data && !room && 'There is no such room.'}
        {room &&
          `${room.name ?? room.code}: ${
            isOpen ? 'open for walk-ins' : room.walkInEnabled ? 'closed now' : 'takes no walk-ins'
          }.`}
      </p>
      {/* Choices are of their room. */}
      {isOpen && consultations && consultations.length > 1 && (
        <ChoiceField
          key={`consultations of ${room.code}`}
          name="consultation"
          label="Consultation"
          problem={problems.consultation}
          choices={consultations}
        />
      )}
      <ChoiceField
        key={`providers of ${room?.code}`}
        name="provider"
        label="Provider"
        none="Any of the room"
        problem={problems.provider}
        choices={providers ?? []}
      />
    </>
  );
}
