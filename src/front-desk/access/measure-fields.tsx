import type { UserErrorFieldsFragment } from '../../client/client.ts';
import { useTreatmentTypesQuery } from '../../client/react.ts';
import { ChoiceField } from '../elements/choice-field.tsx';
import { TextField } from '../elements/text-field.tsx';
import { problemAt } from '../problems/explain.ts';

/** What Nimbus wants to know for the treatment. */
export function MeasureFields({ errors }: { errors: readonly UserErrorFieldsFragment[] }) {
  const { data } = useTreatmentTypesQuery({});
  const [usual, ...others] = data?.treatmentTypes ?? [];
  const number = (name: string, min: number, max: number) => ({
    name,
    ...{ type: 'number', required: true, min, max },
    problem: problemAt(errors, name),
  });
  return (
    <fieldset>
      <legend>For the treatment</legend>
      <div className="side-by-side">
        <TextField {...number('heightFeet', 1, 8)} label="Height: feet" />
        <TextField {...number('heightInches', 0, 11)} label="Height: inches" />
        <TextField {...number('weightPounds', 1, 1500)} label="Weight (pounds)" step="0.1" />
      </div>
      <ChoiceField
        name="treatmentType"
        label="Treatment"
        none={usual === undefined ? 'The clinic’s usual one' : `${usual}, the usual one`}
        problem={problemAt(errors, 'treatmentType')}
        choices={others.map((type) => [type, type])}
      />
    </fieldset>
  );
}
