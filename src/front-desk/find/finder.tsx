import { useEffect, useRef, useState } from 'react';
import { useInfinitePatientsQuery } from '../../client/react.ts';
import { OnboardDialog } from '../access/onboard-dialog.tsx';
import { Field } from '../elements/field.tsx';
import { Loading } from '../elements/loading.tsx';
import { useSettled } from '../elements/settled.ts';
import { explainError } from '../problems/explain.ts';
import { ProblemNote } from '../problems/problem-note.tsx';
import { FoundPatients } from './found-patients.tsx';

/** Finds a patient by name. With nothing entered it lists the register from its beginning. */
export function Finder({ selected }: { selected: string | undefined }) {
  const [text, setText] = useState('');
  const [onboarding, setOnboarding] = useState(false);
  const search = useSettled(text.trim());
  const query = useInfinitePatientsQuery(
    { first: 20, ...(search !== '' && { search }) },
    { placeholderData: (previous) => previous },
  );
  const field = useRef<HTMLInputElement>(null);
  const before = useRef(selected);
  useEffect(() => {
    // Back from a patient, whose page had the focus: the next one is looked for.
    if (before.current !== undefined && selected === undefined) {
      if (document.activeElement === document.body) {
        field.current?.focus();
      }
    }
    if (before.current !== selected) {
      // "Back" has led away from under it: on a phone it would lie upon the patient, unseen.
      setOnboarding(false);
    }
    before.current = selected;
  }, [selected]);
  const pages = query.data?.pages ?? [];
  const patients = pages.flatMap((page) => page.patients.nodes);
  return (
    <>
      <search className="finder">
        <Field label="Find a patient" hint="Name, or whole e-mail address">
          {(control) => (
            <input
              {...control}
              ref={field}
              type="search"
              autoComplete="off"
              value={text}
              onChange={({ target }) => setText(target.value)}
            />
          )}
        </Field>
      </search>
      {query.isPending && <Loading what="Looking" />}
      {query.error && (
        <ProblemNote
          {...explainError(query.error)}
          busy={query.isFetching}
          onRetry={() => void query.refetch()}
        />
      )}
      {query.data && (
        <FoundPatients
          patients={patients}
          total={pages[0]?.patients.totalCount ?? patients.length}
          search={search}
          looking={query.isPlaceholderData}
          selected={selected}
          query={query}
        />
      )}
      <button type="button" className="new-patient" onClick={() => setOnboarding(true)}>
        Onboard a new patient
      </button>
      {onboarding && <OnboardDialog onClose={() => setOnboarding(false)} />}
    </>
  );
}
