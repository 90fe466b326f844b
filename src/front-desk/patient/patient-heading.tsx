import { useEffect, useRef } from 'react';
import { titleOf } from '../elements/status-tag.tsx';
import { calendarDayText } from '../elements/times.ts';
import { vendorName } from '../elements/vendors.ts';
import { useViewer } from '../session/viewer.tsx';
import type { PatientRecord } from './patient-record.ts';

type Address = NonNullable<PatientRecord['address']>;

const addressText = ({ street, city, state, postalCode, country }: Address) =>
  [street, city, [state, postalCode].filter(Boolean).join(' '), country].filter(Boolean).join(', ');

export function PatientHeading({ patient }: { patient: PatientRecord }) {
  const { isStaff } = useViewer();
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    if (isStaff) {
      // Chosen from the list: who works at the keyboard goes on here.
      heading.current?.focus();
    }
  }, [isStaff]);
  useEffect(() => {
    document.title = `${patient.fullName} · Front desk`;
    return () => {
      document.title = 'Front desk';
    };
  }, [patient.fullName]);
  const { birthDate, sex, email, phone, address, vendorAccounts } = patient;
  const facts = [
    ['Born', birthDate && calendarDayText(birthDate)],
    ['Sex', sex && titleOf(sex)],
    ['E-mail', email],
    ['Phone', phone],
    ['Address', address && addressText(address)],
    ['Accounts', vendorAccounts.map(({ vendor }) => vendorName(vendor)).join(', ') || 'none yet'],
  ] as const;
  return (
    <header className="patient-heading">
      <h1 ref={heading} tabIndex={-1}>
        {patient.fullName}
      </h1>
      <dl className="facts">
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value ?? 'not known'}</dd>
          </div>
        ))}
      </dl>
    </header>
  );
}
