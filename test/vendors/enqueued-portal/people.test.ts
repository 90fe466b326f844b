import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { PatientFilter } from '../../../src/domain/capabilities/portal-requests.ts';
import { type OpenPortal, openPortal, vendorIds } from './open-portal.ts';

const nothing: PatientFilter = { firstName: null, lastName: null, email: null, birthDate: null };

describe.each(vendorIds)('the people of %s', (id) => {
  let portal: OpenPortal;
  beforeEach(async () => {
    portal = await openPortal(id);
  });
  afterEach(() => portal.close());

  const search = (filter: Partial<PatientFilter>, first = 25) =>
    portal.directory.search(portal.scope(), { ...nothing, ...filter }, first);
  const names = async (filter: Partial<PatientFilter>, first?: number) =>
    (await search(filter, first)).map(({ profile }) => profile.firstName);
  const profile = (account = portal.ana) => portal.profile(portal.scope(), account);
  const invite = (account = portal.ana) => portal.invitations.invite(portal.scope(), account);

  it('have a profile in domain words', async () => {
    expect(await profile()).toEqual({
      vendor: id,
      firstName: 'Ana',
      lastName: 'Silva',
      birthDate: '1988-02-11',
      sex: 'FEMALE',
      email: 'ana.silva@example.com',
      phone: '+15550104477',
      address: {
        street: '1 Sandbox Street',
        city: 'Los Angeles',
        state: 'CA',
        postalCode: '90012',
        country: 'US',
      },
    });
    expect(portal.simulator.calls).toMatchObject([
      { method: 'GET', path: `/patients/${portal.firstId}`, query: {} },
    ]);
    expect(await profile(portal.person(12))).toMatchObject({ firstName: 'Mona', sex: 'UNKNOWN' });
  });

  it('have no profile where they are unknown', async () => {
    expect(await profile(portal.nobody)).toBeNull();
  });

  it('have a profile with gaps for an anonymised account', async () => {
    portal.simulator.switches.forceAnonymize = true;
    expect(await profile()).toMatchObject({
      firstName: null,
      lastName: null,
      birthDate: null,
      email: null,
      phone: null,
      sex: 'FEMALE',
    });
  });

  it('have no profile under an account that is refused, which is a fault of ours', async () => {
    const other = await openPortal(id, { [`${id}_PASSWORD`]: 'wrong' });
    try {
      await expect(other.profile(other.scope(), other.ana)).rejects.toMatchObject({
        kind: 'CREDENTIAL_REFUSED',
        status: 401,
      });
    } finally {
      await other.close();
    }
  });

  it('never get the profile of somebody else', async () => {
    const { patients } = portal.simulator.state;
    const ana = patients[0];
    if (ana) {
      // The simulator's look-up still finds her under her own id, and answers with another.
      Object.defineProperty(ana, 'id', {
        get: (() => {
          let reads = 0;
          return () => (reads++ === 0 ? portal.firstId : portal.firstId + 1);
        })(),
        enumerable: true,
      });
    }
    await expect(profile()).rejects.toMatchObject({ reason: 'other_patient' });
  });

  it('are found by name, address and birth date together', async () => {
    expect(await names({ lastName: ' silva ' })).toEqual(['Ana', 'Hugo', 'Ines', 'Paula']);
    expect(portal.simulator.calls[0]).toMatchObject({
      method: 'GET',
      path: '/patients/search',
      query: { last_name: 'silva', limit: '25', offset: '0' },
    });
    expect(await names({ lastName: 'Silva', birthDate: '1979-04-02' })).toEqual(['Hugo']);
    expect(await names({ firstName: 'Ana', email: 'ana.silva@example.com' })).toEqual(['Ana']);
    expect(await names({ firstName: 'Ana', lastName: 'Okafor' })).toEqual([]);
    expect(await names({ lastName: "O'Brien" })).toEqual(['Tessa']);
  });

  it('carry their id as a string whatever the vendor sends', async () => {
    const expected = [{ vendorPatientId: String(portal.firstId), vendor: id }];
    expect(await search({ firstName: 'Ana' })).toMatchObject(expected);
    portal.simulator.switches.idsAsStrings = true;
    expect(await search({ firstName: 'Ana' })).toMatchObject(expected);
  });

  it('are cut at the number asked for', async () => {
    expect(await names({ lastName: 'Silva' }, 2)).toEqual(['Ana', 'Hugo']);
    expect(await names({ lastName: 'Silva' }, 0)).toEqual([]);
    expect(portal.simulator.calls.map(({ query }) => query.limit)).toEqual(['2']);
  });

  it('are read page by page up to the number asked for', async () => {
    const { patients } = portal.simulator.state;
    for (let index = 0; index < 230; index++) {
      const [ana] = patients;
      if (ana) {
        patients.push({ ...ana, id: 5000 + index, first_name: `Twin${index}`, last_name: 'Many' });
      }
    }
    const found = await search({ lastName: 'Many' }, 210);
    expect(new Set(found.map(({ vendorPatientId }) => vendorPatientId)).size).toBe(210);
    expect(portal.simulator.calls.map(({ query }) => query.offset)).toEqual(['0', '100', '200']);
  });

  it.each<[string, Partial<PatientFilter>]>([
    ['% in a last name', { lastName: '%' }],
    ['% within a first name', { firstName: 'A%a' }],
    ['% in an address', { email: '%@example.com' }],
    ['_ in a name', { lastName: 'S_lva' }],
    ['a date that does not exist', { birthDate: '1988-02-30' }],
    ['nothing to search for', {}],
    ['blanks only', { firstName: '  ', lastName: '' }],
  ])('are not searched for with %s', async (_what, filter) => {
    await expect(search(filter)).rejects.toMatchObject({
      name: 'CodedError',
      code: 'BAD_USER_INPUT',
    });
    expect(portal.simulator.calls).toHaveLength(0);
  });

  it('are found by an address with an underscore, to the letter', async () => {
    const [ana, ben] = portal.simulator.state.patients;
    if (ana && ben) {
      ana.email2 = 'ben.okafor2@example.com';
      ben.email2 = 'ben_okafor2@example.com';
    }
    portal.simulator.switches.underscoreIsWildcard = true;
    expect(await names({ email: 'Ben_Okafor2@example.com' })).toEqual(['Ben']);
    expect(portal.simulator.calls[0]?.query).toMatchObject({ email: 'Ben_Okafor2@example.com' });
  });

  it('are invited with an empty JSON object', async () => {
    await expect(invite()).resolves.toBeUndefined();
    expect(portal.simulator.calls).toMatchObject([
      { method: 'POST', path: `/patients/${portal.firstId}/portal/invite`, query: {}, body: {} },
    ]);
    expect(portal.simulator.calls[0]?.headers['content-type']).toMatch(/^application\/json/);
    expect(portal.simulator.state.invitations).toEqual([
      { pt_id: portal.firstId, email: 'ana.silva@example.com' },
    ]);
  });

  it('cannot be invited without an address, or while inactive', async () => {
    await expect(invite(portal.emi)).rejects.toMatchObject({
      kind: 'REJECTED',
      status: 422,
      reason: 'not_invitable',
    });
    expect(portal.simulator.state.invitations).toEqual([]);
  });

  it('V15: are not invited where a 200 says result: false', async () => {
    portal.simulator.switches.resultFalseWith200 = true;
    await expect(invite()).rejects.toMatchObject({
      kind: 'REJECTED',
      status: 200,
      reason: 'not_invitable',
    });
  });

  it('cannot be invited where they, or the route, are unknown', async () => {
    await expect(invite(portal.nobody)).rejects.toMatchObject({ kind: 'NOT_FOUND' });
    portal.simulator.switches.routeDisabled = true;
    await expect(invite()).rejects.toMatchObject({ kind: 'REJECTED', reason: 'route_absent' });
  });

  it('cannot be invited where the 404 does not say that it is the route', async () => {
    portal.simulator.switches.methodMissing = 'POST';
    await expect(invite()).rejects.toMatchObject({ kind: 'REJECTED', reason: 'route_absent' });
    expect(portal.simulator.calls.map(({ method }) => method)).toEqual(['POST', 'GET']);
    portal.simulator.fault({ kind: 'html', match: /^GET/ });
    await expect(invite()).rejects.toMatchObject({ kind: 'NOT_FOUND' });
  });

  it.each(['reset', 'html', 'truncate'] as const)(
    'get one mail at most when the answer is lost (%s)',
    async (kind) => {
      portal.simulator.fault({ kind, act: true });
      await expect(invite()).rejects.toMatchObject({ mayHaveActed: true });
      expect(portal.simulator.calls).toHaveLength(1);
      expect(portal.simulator.state.invitations).toHaveLength(1);
    },
  );
});
