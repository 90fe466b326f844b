import type { ReactNode } from 'react';
import type { UserErrorFieldsFragment } from '../../client/client.ts';
import { ChoiceField } from '../elements/choice-field.tsx';
import { TextField } from '../elements/text-field.tsx';
import { problemAt } from '../problems/explain.ts';
import type { PersonField } from './onboarding-entries.ts';

export interface PersonFieldsProps {
  /** Only these. */
  asked: readonly PersonField[];
  errors: readonly UserErrorFieldsFragment[];
}

export function PersonFields({ asked, errors }: PersonFieldsProps) {
  const field = (name: PersonField) => ({ name, required: true, problem: problemAt(errors, name) });
  const part = (name: string) => ({
    name,
    required: true,
    problem: problemAt(errors, 'address', name),
  });
  const fields: Record<PersonField, ReactNode> = {
    firstName: <TextField {...field('firstName')} label="First name" />,
    lastName: <TextField {...field('lastName')} label="Last name" />,
    birthDate: <TextField {...field('birthDate')} label="Born" type="date" />,
    sex: (
      <ChoiceField
        {...field('sex')}
        label="Sex"
        choices={[
          ['FEMALE', 'Female'],
          ['MALE', 'Male'],
        ]}
      />
    ),
    email: <TextField {...field('email')} label="E-mail" type="email" />,
    phone: (
      <TextField
        {...field('phone')}
        label="Phone"
        type="tel"
        hint="With country code, for example +1 555 010 4477"
      />
    ),
    address: (
      <fieldset>
        <legend>Address in the US</legend>
        <TextField {...part('street')} label="Street" />
        <div className="side-by-side">
          <TextField {...part('city')} label="City" />
          <TextField {...part('state')} label="State (2 letters)" maxLength={2} />
          <TextField {...part('postalCode')} label="ZIP code" maxLength={10} />
        </div>
      </fieldset>
    ),
  };
  return asked.map((name) => <div key={name}>{fields[name]}</div>);
}
