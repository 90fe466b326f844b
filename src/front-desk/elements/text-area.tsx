import type { TextareaHTMLAttributes } from 'react';
import { Field } from './field.tsx';

export interface TextAreaProps extends TextareaHTMLAttributes<HTMLTextAreaElement> {
  label: string;
  name: string;
  hint?: string | undefined;
  problem?: string | undefined;
}

export const TextArea = ({ label, hint, problem, ...area }: TextAreaProps) => (
  <Field label={area.required ? label : `${label} (optional)`} hint={hint} problem={problem}>
    {(control) => <textarea rows={3} {...area} {...control} />}
  </Field>
);
