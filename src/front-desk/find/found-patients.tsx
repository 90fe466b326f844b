import type { PatientFieldsFragment } from '../../client/client.ts';
import { calendarDayText } from '../elements/times.ts';
import { selectPatient } from '../session/selected-patient.ts';

export interface FoundPatientsProps {
  patients: readonly PatientFieldsFragment[];
  total: number;
  search: string;
  selected: string | undefined;
}

const inWords = (total: number, search: string) =>
  `${total} ${total === 1 ? 'patient' : 'patients'}${search === '' ? '' : ` found for “${search}”`}`;

export function FoundPatients({ patients, total, search, selected }: FoundPatientsProps) {
  return (
    <>
      <p role="status" className="found">
        {total === 0 && search !== ''
          ? `Nobody is called “${search}”. Check the spelling, or onboard a new patient.`
          : inWords(total, search)}
      </p>
      <ul className="found-patients">
        {patients.map(({ id, fullName, birthDate }) => (
          <li key={id}>
            <button
              type="button"
              aria-current={id === selected ? 'true' : undefined}
              onClick={() => selectPatient(id)}
            >
              <span>{fullName}</span>
              {birthDate && <small>born {calendarDayText(birthDate)}</small>}
            </button>
          </li>
        ))}
      </ul>
    </>
  );
}
