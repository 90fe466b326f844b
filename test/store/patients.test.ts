import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import type { Page, Store } from '../../src/domain/store.ts';
import { addPatient, ana, describeOnBoth, named, noon } from './stores.ts';

const names = async (store: Store, text: string | null, page: Page = { limit: 100 }) =>
  (await store.patients.search(text, page)).rows.map(
    ({ value }) => `${value.firstName} ${value.lastName}`,
  );

describeOnBoth('the register', (open) => {
  test('returns a patient as created, whole or with gaps', async () => {
    const { store } = await open();
    const whole = await addPatient(store, ana, 'subject-ana');
    expect(whole).toEqual({
      ...ana,
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      subject: 'subject-ana',
      createdAt: new Date(noon),
    });
    const bare = await addPatient(store, named('Ben', 'Okafor'));
    expect(await store.patients.find([whole.id, bare.id, randomUUID(), 'no uuid'])).toEqual(
      expect.arrayContaining([whole, bare]),
    );
    expect(bare.address).toBeNull();
    expect(await store.patients.find([])).toEqual([]);
    expect(await store.patients.findBySubject('subject-ana')).toEqual(whole);
    expect(await store.patients.findBySubject('nobody')).toBeUndefined();
  });

  test('gives one subject one record, also when asked for several at once', async () => {
    const { store } = await open();
    const created = await Promise.all(
      Array.from({ length: 8 }, () => store.patients.create(ana, 'subject-ana')),
    );
    expect(created.filter((patient) => patient !== undefined)).toHaveLength(1);
    expect(await store.patients.create(ana, null)).toBeDefined();
    expect(await store.patients.create(ana, null)).toBeDefined();
  });

  test('finds by e-mail without regard to case', async () => {
    const { store } = await open();
    const patient = await addPatient(store, { ...ana, email: 'Ana.SILVA@Example.com' });
    expect(await store.patients.findByEmail('ANA.silva@example.COM')).toEqual([patient]);
    expect(await store.patients.findByEmail('ana_silva@example.com')).toEqual([]);
  });

  test('finds namesakes: the whole name, not its beginning, and the birth date', async () => {
    const { store } = await open();
    const birthDate = '1990-05-06';
    const add = (firstName: string, lastName: string, born: string | null = birthDate) =>
      addPatient(store, { ...named(firstName, lastName), birthDate: born });
    const joan = await add('Joan', 'Lindt');
    const maria = await add('Anna Maria', 'Silva');
    await add('Joan', 'Lindt', '1990-05-07');
    await add('Joan', 'Lindt', null);
    const namesakes = (firstName: string, lastName: string) =>
      store.patients.findNamesakes({ firstName, lastName, birthDate });
    expect(await namesakes('joan', ' LINDT')).toEqual([joan]);
    expect(await namesakes('Anna', 'Maria Silva')).toEqual([maria]);
    expect(await namesakes('Jo', 'Li')).toEqual([]);
    expect(await namesakes('Joan', 'Lindt-Li')).toEqual([]);
  });

  test('fills gaps and never overwrites', async () => {
    const { store } = await open();
    const { id } = await addPatient(store, { ...named('Ana', 'Silva'), phone: '1' });
    const filled = await store.patients.fillGaps(id, { ...ana, firstName: 'Another' });
    expect(filled).toMatchObject({ ...ana, firstName: 'Ana', phone: '1' });
    const again = await store.patients.fillGaps(id, {
      birthDate: '2000-01-01',
      sex: 'MALE',
      email: 'other@example.com',
      address: { street: null, city: 'Berlin', state: null, postalCode: null, country: 'DE' },
    });
    expect(again).toEqual(filled);
    expect(await store.patients.findByEmail('ana.silva@example.com')).toEqual([filled]);
    expect(await store.patients.findByEmail('other@example.com')).toEqual([]);
    await expect(store.patients.fillGaps(randomUUID(), ana)).rejects.toMatchObject({
      name: 'StoreError',
      kind: 'MISSING',
    });
  });

  test('links a subject to one patient and a patient to one subject', async () => {
    const { store } = await open();
    const one = await addPatient(store, ana);
    const other = await addPatient(store, named('Ben', 'Okafor'));
    expect(await store.patients.linkSubject(one.id, 'ana')).toMatchObject({ subject: 'ana' });
    expect(await store.patients.linkSubject(one.id, 'ana')).toMatchObject({ subject: 'ana' });
    expect(await store.patients.linkSubject(one.id, 'ben')).toBe('TAKEN');
    expect(await store.patients.linkSubject(other.id, 'ana')).toBe('TAKEN');
    await expect(store.patients.linkSubject(randomUUID(), 'x')).rejects.toMatchObject({
      kind: 'MISSING',
    });
  });

  test('lets one of two patients have a subject that both ask for at once', async () => {
    const { store } = await open();
    const patients = await Promise.all(
      Array.from({ length: 6 }, (_, index) => addPatient(store, named('P', `Q${index}`))),
    );
    const linked = await Promise.all(
      patients.map(({ id }) => store.patients.linkSubject(id, 'wanted')),
    );
    expect(linked.filter((result) => result !== 'TAKEN')).toHaveLength(1);
  });

  test('searches what each word of a name begins with, literally and without regard to case', async () => {
    const { store } = await open();
    await addPatient(store, ana);
    await addPatient(store, named('Ana', 'Öz%kan'));
    await addPatient(store, named('A_a', 'Back\\slash'));
    await addPatient(store, named('Jose\u0301 Maria', "García-O'Hara"));
    await addPatient(store, named('X', '李'));
    const found = async (text: string | null) => (await names(store, text)).sort();
    expect(await found('SIL an')).toEqual(['Ana Silva']);
    expect(await found('an')).toEqual(['Ana Silva', 'Ana Öz%kan']);
    expect(await found('ana okafor')).toEqual([]);
    expect(await found('öZ')).toEqual(['Ana Öz%kan']);
    expect(await found('öz%k')).toEqual(['Ana Öz%kan']);
    expect(await found('ilva')).toEqual([]);
    expect(await found('%')).toEqual([]);
    expect(await found('a_')).toEqual(['A_a Back\\slash']);
    expect(await found('back\\')).toEqual(['A_a Back\\slash']);
    expect(await found('jos\u00e9')).toHaveLength(1);
    for (const part of ['garcía', 'maria', "o'h", 'hara', "garcía-o'"]) {
      expect(await found(part), part).toEqual(["Jose\u0301 Maria García-O'Hara"]);
    }
    expect(await found('x')).toEqual(['X 李']);
    expect(await found('李')).toEqual(['X 李']);
    expect(await found('s')).toEqual([]);
    expect(await found("' or 1=1 --")).toEqual([]);
    expect(await found('\0')).toEqual([]);
    expect(await found('ANA.SILVA@example.com')).toEqual(['Ana Silva']);
    expect(await found('silva@example.com')).toEqual([]);
    expect(await found('  ')).toHaveLength(5);
    expect(await found(null)).toHaveLength(5);
  });

  test('finds a name in whatever order, and however its hyphens, apostrophes and accents are written', async () => {
    const { store } = await open();
    await addPatient(store, ana);
    await addPatient(store, named('Shaun', 'O’Neil'));
    await addPatient(store, named('Maria José', 'García-Lima'));
    await addPatient(store, named("De'Andre", 'Fields'));
    await addPatient(store, named('Łukasz', 'Groß'));
    await addPatient(store, named('Comfort', 'Bee'));
    const spellings = {
      'Ana Silva': [
        'Silva, Ana',
        'SILVA,ANA',
        '  silva   ana ',
        'Ana S',
        'Ana M. Silva',
        'silva -',
      ],
      'Shaun O’Neil': ["O'Neil", 'o’neil', 'ONEIL', 'neil', 'O Neil', "O'N", "O'Neil, Shaun"],
      'Maria José García-Lima': ['jose', 'Garcia Lima', 'garcía–lima', 'Lima-Garcia', 'JOSÉ lima'],
      "De'Andre Fields": ['deandre', 'De’Andre', 'fields, de'],
      'Łukasz Groß': ['lukasz gross', 'groß', 'GROSS ŁUKASZ'],
    };
    for (const [name, searches] of Object.entries(spellings)) {
      for (const search of searches) {
        expect(await names(store, search), search).toEqual([name]);
      }
    }
    expect(await names(store, 'x@co.example')).toEqual([]);
    expect(await names(store, 'Silva, Ben')).toEqual([]);
    const { firstName, lastName, birthDate } = ana;
    const namesakes = await store.patients.findNamesakes({ birthDate, firstName: 'Aná', lastName });
    expect(namesakes.map((each) => each.firstName)).toEqual([firstName]);
  });

  test('finds a name however the letters are written that keyboards lack', async () => {
    const { store } = await open();
    const written = [
      ...['Jürgen Müller', 'Juergen Mueller', 'Petra Muller', 'Otto Größmann', 'Ida Strasse'],
      ...['Ulf Straße', 'Kai Sørensen', 'Bo Soerensen', 'Åse Aagaard', 'Per Ågård', 'Max Bäuerle'],
      ...['Michal Joel', 'Ole Kjær', 'Åsa Sjöström'],
    ];
    for (const name of written) {
      const [first = '', last = ''] = name.split(' ');
      await addPatient(store, { ...named(first, last), birthDate: '1990-05-06' });
    }
    const wanted = {
      'Mueller, Juergen': ['Jürgen Müller', 'Juergen Mueller'],
      muell: ['Jürgen Müller', 'Juergen Mueller'],
      'MÜLLER jürgen': ['Jürgen Müller', 'Juergen Mueller'],
      Muller: ['Jürgen Müller', 'Petra Muller'],
      Groessmann: ['Otto Größmann'],
      strasse: ['Ida Strasse', 'Ulf Straße'],
      Straße: ['Ida Strasse', 'Ulf Straße'],
      soerensen: ['Kai Sørensen', 'Bo Soerensen'],
      Sørensen: ['Kai Sørensen', 'Bo Soerensen'],
      sorensen: ['Kai Sørensen'],
      aagaard: ['Åse Aagaard', 'Per Ågård'],
      Ågaard: ['Åse Aagaard', 'Per Ågård'],
      baeuerle: ['Max Bäuerle'],
      kjaer: ['Ole Kjær'],
      'aasa sjoestroem': ['Åsa Sjöström'],
      Michael: [],
    };
    for (const [search, found] of Object.entries(wanted)) {
      expect((await names(store, search)).sort(), search).toEqual(found.sort());
    }
    const namesakes = (firstName: string, lastName: string) =>
      store.patients.findNamesakes({ firstName, lastName, birthDate: '1990-05-06' });
    expect(await namesakes('Juergen', 'Müller')).toHaveLength(2);
    // Of Jürgen Müller: who has dropped one of the accents, and spelled the other out.
    expect(await namesakes('Jurgen', 'Mueller')).toHaveLength(1);
    expect(await namesakes('Jurgen', 'Muller')).toHaveLength(1);
    expect(await namesakes('Petra', 'Mueller')).toEqual([]);
  });

  test('compares the first 32 letters of a word', async () => {
    const { store } = await open();
    const long = 'Wolfeschlegelsteinhausenbergerdorff';
    await addPatient(store, named('Ben', long));
    expect(await names(store, long)).toEqual([`Ben ${long}`]);
    expect(await names(store, `${long}x`)).toEqual([`Ben ${long}`]);
    expect(await names(store, 'Wolfeschlegelsteinhausenberx')).toEqual([]);
  });
});

describeOnBoth('pages of the register', (open) => {
  async function filled() {
    const { store, clock } = await open();
    for (const letter of ['a', 'b', 'c', 'd', 'e', 'f', 'g']) {
      await addPatient(store, named('P', letter));
      clock.now += 1_000;
    }
    return store;
  }

  test('are ordered newest first', async () => {
    const found = await names(await filled(), null);
    expect(found).toEqual(['P g', 'P f', 'P e', 'P d', 'P c', 'P b', 'P a']);
  });

  test('meet without gap or overlap, forwards and backwards, also among those of one moment', async () => {
    const store = await filled();
    await Promise.all(Array.from({ length: 4 }, () => addPatient(store, named('P', 'c'))));
    const all = (await store.patients.search(null, { limit: 100 })).rows.map(({ key }) => key);
    expect(all).toHaveLength(11);
    for (const backwards of [false, true]) {
      const seen: string[] = [];
      let page: Page = backwards ? { limit: 2, fromEnd: true } : { limit: 2 };
      for (;;) {
        const { rows, hasMore, totalCount } = await store.patients.search(null, page);
        const keys = rows.map(({ key }) => key);
        expect(totalCount).toBe(11);
        if (backwards) {
          seen.unshift(...keys);
          page = { limit: 2, fromEnd: true, before: keys[0] };
        } else {
          seen.push(...keys);
          page = { limit: 2, after: keys.at(-1) };
        }
        if (!hasMore) {
          break;
        }
      }
      expect(seen).toEqual(all);
    }
  });

  test('can be bounded on both sides and taken from either', async () => {
    const store = await filled();
    const keys = (await store.patients.search(null, { limit: 100 })).rows.map(({ key }) => key);
    const between = { after: keys[1], before: keys[5] };
    const window = async (page: Page) => {
      const { rows, hasMore } = await store.patients.search(null, page);
      return [rows.map(({ key }) => keys.indexOf(key)), hasMore];
    };
    expect(await window({ ...between, limit: 9 })).toEqual([[2, 3, 4], false]);
    expect(await window({ ...between, limit: 2 })).toEqual([[2, 3], true]);
    expect(await window({ ...between, limit: 2, fromEnd: true })).toEqual([[3, 4], true]);
    expect(await window({ limit: 2, before: keys[5] })).toEqual([[0, 1], true]);
    expect(await window({ limit: 0 })).toEqual([[], true]);
  });

  test('have keys that say nothing about the person, but since when they are in the register', async () => {
    const { store, clock } = await open();
    const { id } = await addPatient(store);
    const [row] = (await store.patients.search(null, { limit: 1 })).rows;
    expect(row?.key).toBe(`${clock.now}_${id}`);
  });

  test('go on after somebody who was erased meanwhile, and from a key of before there were times in them', async () => {
    const store = await filled();
    const { rows } = await store.patients.search(null, { limit: 3 });
    const [, second, third] = rows;
    const ids = async (after: string | undefined) =>
      (await store.patients.search(null, { limit: 2, after })).rows.map(({ value }) => value.id);
    const expected = await ids(third?.key);
    expect(expected).toHaveLength(2);
    expect(await ids(third?.value.id)).toEqual(expected);
    await store.patientData.erase(third?.value.id ?? '', 'somebody');
    expect(await ids(third?.key)).toEqual(expected);
    expect((await ids(second?.key))[0]).toBe(expected[0]);
  });

  test('refuse a key that is none of theirs', async () => {
    const { store } = await open();
    for (const key of ['', 'rubbish', '\0', randomUUID(), "' or true --", `1_${'a'.repeat(36)}`]) {
      for (const page of [
        { limit: 1, after: key },
        { limit: 1, before: key },
      ]) {
        await expect(store.patients.search(null, page)).rejects.toMatchObject({
          code: 'BAD_USER_INPUT',
        });
      }
    }
    for (const limit of [-1, 1.5, Number.NaN]) {
      await expect(store.patients.search(null, { limit })).rejects.toMatchObject({
        code: 'BAD_USER_INPUT',
      });
    }
  });
});
