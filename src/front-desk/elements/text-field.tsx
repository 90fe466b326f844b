import type { InputHTMLAttributes } from 'react';
import { Field } from './field.tsx';

export interface TextFieldProps extends InputHTMLAttributes<HTMLInputElement> {
  label: string;
  name: string;
  hint?: string | undefined;
  problem?: string | undefined;
}

export const TextField = ({ label, hint, problem, ...input }: TextFieldProps) => (
  <Field label={input.required ? label : `${label} (optional)`} hint={hint} problem={problem}>
    {(control) => <input type="text" autoComplete="off" {...input} {...control} />}
  </Field>
);
