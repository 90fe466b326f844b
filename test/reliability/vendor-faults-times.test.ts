import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startVendor, type Vendor } from '../http/support/vendor.ts';
import { driven } from '../vendors/conformance/exercises.ts';
import { type Doors, openDoors, vendors } from './vendor-doors.ts';

/** reliability.md, V16: no clock, zone or change of clocks moves an instant of a vendor's. */

const hour = 3_600_000;
const definitionOf = (id: string) => {
  const found = vendors.find(([each]) => each === id);
  if (found === undefined) {
    throw new Error(`No vendor ${id}.`);
  }
  return found;
};

/** Every instant anywhere in an answer, with the way to it. */
function instantsIn(value: unknown, path = ''): [string, string][] {
  if (value instanceof Date) {
    return [[path, value.toISOString()]];
  }
  return typeof value === 'object' && value !== null
    ? Object.entries(value).flatMap(([name, each]) => instantsIn(each, `${path}.${name}`))
    : [];
}

/** One vendor names its free times anew each time it is asked. */
const withoutSlotIds = (name: string, value: unknown) =>
  name === 'vendorSlotId' ? undefined : value;

describe.each(vendors)('V16: %s', (id, definition) => {
  let doors: Doors;
  beforeAll(async () => {
    doors = await openDoors(id, definition);
  });
  afterAll(() => doors.close());

  const reads = driven(definition.capabilities).filter(
    ({ exercise }) => exercise.nature === 'read',
  );

  /** What all reads answer to a gateway whose clock is so many milliseconds ahead. */
  async function answersAt(skew: number): Promise<Record<string, unknown>> {
    const clock = () => Date.now() + skew;
    const answers: Record<string, unknown> = {};
    for (const { name, run } of reads) {
      const scope = { requestId: 'times', deadline: clock() + 10_000 };
      answers[name] = await run(doors.open.connect({}, clock), { ...doors.world, scope });
    }
    return answers;
  }

  it.each([
    ['an hour behind', -hour],
    ['an hour ahead', hour],
    ['ten hours ahead', 10 * hour],
  ])('tells the same instants to a gateway whose clock is %s', async (_, skew) => {
    expect(instantsIn(await answersAt(skew))).toEqual(instantsIn(await answersAt(0)));
  });

  it('tells the same, days included, wherever the process believes to be', async () => {
    const before = process.env.TZ;
    const answers: string[] = [];
    const offsets = new Set<number>();
    try {
      for (const zone of ['UTC', 'America/Los_Angeles', 'Pacific/Kiritimati', 'Asia/Kathmandu']) {
        process.env.TZ = zone;
        offsets.add(new Date(2026, 0, 1).getTimezoneOffset());
        answers.push(JSON.stringify(await answersAt(0), withoutSlotIds));
      }
    } finally {
      if (before === undefined) {
        delete process.env.TZ;
      } else {
        process.env.TZ = before;
      }
    }
    expect(offsets.size).toBe(4);
    expect(answers[0]?.length).toBeGreaterThan(10);
    expect(answers.map((each) => each === answers[0])).toEqual([true, true, true, true]);
  });
});

/** Days on which clocks change, and others on which careless code trips. */
const moments: [said: string, utc: string][] = [
  ['2026-10-25T02:30:00+02:00', '2026-10-25T00:30:00.000Z'],
  ['2026-10-25T02:30:00+01:00', '2026-10-25T01:30:00.000Z'],
  ['2027-03-28T03:00:00+02:00', '2027-03-28T01:00:00.000Z'],
  ['2026-11-01T01:30:00-04:00', '2026-11-01T05:30:00.000Z'],
  ['2026-11-01T01:30:00-05:00', '2026-11-01T06:30:00.000Z'],
  ['2027-03-14T03:30:00-0400', '2027-03-14T07:30:00.000Z'],
  ['2028-02-29T23:59:59+13:00', '2028-02-29T10:59:59.000Z'],
  ['2026-12-31T23:30:00Z', '2026-12-31T23:30:00.000Z'],
  ['2027-01-01T05:15:00+05:45', '2026-12-31T23:30:00.000Z'],
];

/** How each vendor writes an instant, in which answer, and where it is found then. */
const writers: [
  vendor: string,
  operation: string,
  answer: (said: string, utc: Date, doors: Doors) => unknown,
  path: string,
][] = [
  [
    'MY_PATIENT_PORTAL',
    'appointments.list',
    (said) => ({ data: [{ id: 'a1', starts_at: said, ends_at: said, cancelled_at: said }] }),
    'start end cancelledAt',
  ],
  [
    'MY_PATIENT_PORTAL',
    'appointments.get',
    (said) => ({ data: { id: 'a1', time: said, ends_at: said, cancelled_at: said } }),
    'start end cancelledAt',
  ],
  [
    'VSEE',
    'visits.visit',
    (_, utc, { world }) => ({
      data: {
        id: world.visitId,
        member_id: world.session.vendorPatientId,
        start: utc.getTime() / 1000,
        end: String(utc.getTime() / 1000),
        actual_start: utc.getTime() / 1000,
        actual_end: String(utc.getTime() / 1000),
      },
    }),
    'start end actualStart actualEnd',
  ],
  ...(['CERBO', 'MD_HQ'] as const).flatMap((vendor): typeof writers => [
    // Without a zone it is UTC.
    [
      vendor,
      'portalRequests.list',
      (_, utc) => ({
        total_count: 1,
        data: [{ id: 1, created: utc.toISOString().slice(0, 19).replace('T', ' ') }],
      }),
      'createdAt',
    ],
    [
      vendor,
      'portalRequests.list',
      (said) => ({ total_count: 1, data: [{ id: 1, created: said }] }),
      'createdAt',
    ],
  ]),
  [
    'NIMBUS',
    'portalAccess.enable',
    (said, _, { world }) => ({
      status: 'success',
      user_id: Number(world.account.vendorPatientId),
      redirect_url: 'https://portal.sandbox-clinic.test/login?token=abc',
      expires_at: said,
    }),
    'expiresAt',
  ],
];

describe.each(writers)('V16: %s, %s', (id, operation, answer, path) => {
  let doors: Doors;
  let vendor: Vendor;
  let body: unknown;
  beforeAll(async () => {
    doors = await openDoors(...definitionOf(id));
    vendor = await startVendor((_, response) => {
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify(body));
    });
  });
  afterAll(async () => {
    await doors.close();
    await vendor.close();
  });

  it.each(moments)('%s is %s', async (said, utc) => {
    body = answer(said, new Date(utc), doors);
    const [ended] = await doors.askAll(vendor.baseUrl.origin, {
      only: ({ name }) => name === operation,
    });
    expect(ended?.error).toBeUndefined();
    const [found] = [ended?.answer].flat() as Record<string, Date>[];
    for (const name of path.split(' ')) {
      expect([name, found?.[name]?.toISOString()]).toEqual([name, utc]);
    }
  });
});
