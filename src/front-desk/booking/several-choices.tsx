import { useId, useState } from 'react';

export interface SeveralChoicesProps {
  name: string;
  label: string;
  required: boolean;
  problem: string | undefined;
  choices: readonly string[];
}

/** A question of which several answers may be given; at least one where it is required. */
export function SeveralChoices(props: SeveralChoicesProps) {
  const { name, label, required, problem, choices } = props;
  const [isAnswered, setAnswered] = useState(false);
  const problemId = useId();
  return (
    <fieldset
      className="checks"
      onChange={({ currentTarget }) =>
        setAnswered(currentTarget.querySelector(':checked') !== null)
      }
    >
      <legend>{required ? label : `${label} (optional)`}</legend>
      {choices.map((choice) => (
        <label key={choice}>
          <input
            type="checkbox"
            name={name}
            value={choice}
            required={required && !isAnswered}
            aria-invalid={problem !== undefined}
            aria-describedby={problem && problemId}
          />{' '}
          {choice}
        </label>
      ))}
      {problem && (
        <p className="field-problem" id={problemId}>
          {problem}
        </p>
      )}
    </fieldset>
  );
}
