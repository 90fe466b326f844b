import { useState } from 'react';
import { type Person, rememberedPerson, rememberPerson } from './session/people.ts';
import { Session } from './session/session.tsx';
import { SignInSwitch } from './session/sign-in-switch.tsx';
import { Workplace } from './workplace.tsx';

export function App() {
  const [person, setPerson] = useState<Person>(rememberedPerson);
  const signIn = (next: Person) => {
    rememberPerson(next);
    setPerson(next);
  };
  return (
    <>
      <a className="skip-link" href="#content">
        Skip to the content
      </a>
      <header className="page-header">
        <span className="page-name">
          Portico <strong>Front desk</strong>
        </span>
        <span className="sandbox-note">Sandbox: invented patients</span>
        <SignInSwitch person={person} onChange={signIn} />
      </header>
      {/* Another person starts from nothing: what the one before has seen is forgotten. */}
      <Session key={person} person={person}>
        <Workplace />
      </Session>
    </>
  );
}
