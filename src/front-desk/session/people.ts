/** Who can sign in at the sandbox without a password. */
export const people = {
  staff: 'Staff of the clinic',
  ana: 'Ana Silva, patient',
  ben: 'Ben Okafor, patient',
} as const;

export type Person = keyof typeof people;

const remembered = 'front-desk.person';

export const isPerson = (name: string | null): name is Person =>
  name !== null && Object.hasOwn(people, name);

/** Of this tab, so that it is the same one after a login elsewhere; default staff. */
export function rememberedPerson(): Person {
  const name = sessionStorage.getItem(remembered);
  return isPerson(name) ? name : 'staff';
}

export const rememberPerson = (person: Person) => sessionStorage.setItem(remembered, person);
