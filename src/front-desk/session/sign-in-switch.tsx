import { isPerson, type Person, people } from './people.ts';

export function SignInSwitch(props: { person: Person; onChange: (person: Person) => void }) {
  return (
    <label className="sign-in-switch">
      Signed in as
      <select
        value={props.person}
        onChange={({ target: { value } }) => isPerson(value) && props.onChange(value)}
      >
        {Object.entries(people).map(([name, title]) => (
          <option key={name} value={name}>
            {title}
          </option>
        ))}
      </select>
    </label>
  );
}
