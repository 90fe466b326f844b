import { useRef } from 'react';
import type { PatientFieldsFragment } from '../../client/client.ts';
import { MoreButton, type MoreButtonProps } from '../elements/more-button.tsx';
import { calendarDayText } from '../elements/times.ts';
import { selectPatient } from '../session/selected-patient.ts';

export interface FoundPatientsProps {
  patients: readonly PatientFieldsFragment[];
  total: number;
  search: string;
  /** What is shown is from before: the answer to `search` is on its way. */
  looking: boolean;
  selected: string | undefined;
  query: MoreButtonProps['query'];
}

/** The register is searched by no less, see `patients(search:)`. */
const hasTwoLetters = (search: string) => /[\p{L}\p{M}\p{N}]{2}/u.test(search);

function inWords({ total, search, looking }: FoundPatientsProps): string {
  if (looking) {
    return 'Looking…';
  }
  if (total > 0 || search === '') {
    const found = search === '' ? '' : ` found for “${search}”`;
    return `${total} ${total === 1 ? 'patient' : 'patients'}${found}`;
  }
  return hasTwoLetters(search)
    ? `Nobody is called “${search}”. Check the spelling, or onboard a new patient.`
    : 'Enter at least two letters of a name.';
}

export function FoundPatients(props: FoundPatientsProps) {
  const { patients, search, selected, query } = props;
  const list = useRef<HTMLUListElement>(null);
  return (
    <>
      <p role="status" className="found">
        {inWords(props)}
      </p>
      <ul className="found-patients" ref={list}>
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
      {/* Of another search it knows nothing. */}
      <MoreButton key={search} query={query} list={list} shown={patients.length} />
    </>
  );
}
