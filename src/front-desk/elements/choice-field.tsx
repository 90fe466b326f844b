import { Field } from './field.tsx';

export interface ChoiceFieldProps {
  label: string;
  name: string;
  required?: boolean;
  problem?: string | undefined;
  defaultValue?: string;
  /** What it means that nothing is chosen; default that it has to be. */
  none?: string;
  /** Values and what they are called. */
  choices: readonly (readonly [value: string, title: string])[];
}

/** One of several; nothing is chosen until somebody does, unless there is a default. */
export function ChoiceField(props: ChoiceFieldProps) {
  const { label, name, required = false, problem, defaultValue = '', choices } = props;
  const { none = 'Choose…' } = props;
  return (
    <Field label={required ? label : `${label} (optional)`} problem={problem}>
      {(control) => (
        <select name={name} required={required} defaultValue={defaultValue} {...control}>
          {defaultValue === '' && <option value="">{none}</option>}
          {choices.map(([value, title]) => (
            <option key={value} value={value}>
              {title}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}
