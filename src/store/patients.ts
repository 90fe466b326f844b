import { randomUUID } from 'node:crypto';
import { and, arrayOverlaps, count, eq, inArray, isNull, or, type SQL, sql } from 'drizzle-orm';
import { areSameNames } from '../domain/name-folding.ts';
import type { Patient } from '../domain/records.ts';
import type { PatientRegister, Sealer } from '../domain/store.ts';
import { type Database, repeated, unnamed } from './database.ts';
import { gatheredReads } from './gathered.ts';
import { malformedKey, type Ordering, type Position, rowsOf, windowOf } from './keyset.ts';
import { onlyUuids } from './row-ids.ts';
import { createSealedDemographics } from './sealed-demographics.ts';
import { isTaken, StoreError } from './store-error.ts';
import { patients } from './tables.ts';

type Row = Pick<typeof patients.$inferSelect, 'id' | 'subject' | 'sealed' | 'createdAt'>;

/** All but what is only searched by. */
const known = {
  id: patients.id,
  subject: patients.subject,
  sealed: patients.sealed,
  createdAt: patients.createdAt,
};

/** Newest first: sealed names have no order that the database could know. */
const order: Ordering = { columns: [patients.createdAt, patients.id], direction: 'desc' };
/** The key holds the position itself, so that it still works when its patient has been erased. */
const keyOf = ({ createdAt, id }: Row) => `${createdAt.getTime()}_${id}`;
const keyForm = /^(\d{1,14})_([\da-f-]{36})$/;
const missing = () => new StoreError('MISSING', 'There is no such patient.');

/** Reads and writes the clinic's own register. */
export function createPatientRegister(
  database: Database,
  sealer: Sealer,
  clock: () => number,
): PatientRegister {
  const demographics = createSealedDemographics(sealer);
  const toPatient = ({ id, subject, createdAt, sealed }: Row): Patient => ({
    ...{ id, subject, createdAt },
    ...demographics.open(id, sealed),
  });

  /** Each part begins one of the names, or the whole text is the e-mail. */
  function matching(text: string | null): SQL | undefined {
    const parts = demographics.namesIn(text ?? '');
    if (parts.length === 0) {
      return undefined;
    }
    const inNames = parts.map((part) => arrayOverlaps(patients.nameIndex, part));
    return or(and(...inNames), inArray(patients.emailIndex, demographics.emailsOf(text ?? '')));
  }

  async function position(key: string | undefined): Promise<Position | undefined> {
    if (key === undefined) {
      return undefined;
    }
    const [, at, id] = keyForm.exec(key) ?? [];
    if (at !== undefined && id !== undefined && onlyUuids([id]).length > 0) {
      return [new Date(Number(at)), id];
    }
    // One that was given out when keys were ids alone.
    const [row] = await database.run((queries) =>
      queries
        .select({ createdAt: patients.createdAt, id: patients.id })
        .from(patients)
        .where(inArray(patients.id, onlyUuids([key]))),
    );
    if (row === undefined) {
      throw malformedKey();
    }
    return [row.createdAt, row.id];
  }

  async function where(condition: SQL | undefined): Promise<Patient[]> {
    const rows = await database.run((queries) =>
      queries.select(known).from(patients).where(condition),
    );
    return rows.map(toPatient);
  }

  const byIds = repeated(database, (queries) =>
    queries
      .select(known)
      .from(patients)
      .where(sql`${patients.id} = any(${sql.placeholder('ids')}::uuid[])`)
      .prepare(unnamed),
  );
  const rowsOfIds = gatheredReads(
    (ids: readonly string[]) => byIds({ ids }),
    (id) => id,
    ({ id }) => id,
  );
  const find: PatientRegister['find'] = async (ids) =>
    (await rowsOfIds(onlyUuids(ids))).map(toPatient);

  return {
    find,

    async findBySubject(subject) {
      return (await where(eq(patients.subject, subject)))[0];
    },

    async findNamesakes({ firstName, lastName, birthDate }) {
      const names = [firstName, lastName];
      const candidates = await where(matching(`${firstName} ${lastName}`));
      return candidates.filter(
        (each) =>
          each.birthDate === birthDate && areSameNames([each.firstName, each.lastName], names),
      );
    },

    findByEmail: (email) => where(inArray(patients.emailIndex, demographics.emailsOf(email))),

    async search(text, page) {
      const matches = matching(text);
      const [after, before] = await Promise.all([position(page.after), position(page.before)]);
      const window = windowOf(page, order, { after, before });
      const [found, counted] = await Promise.all([
        database.run((queries) =>
          queries
            .select(known)
            .from(patients)
            .where(and(matches, ...window.conditions))
            .orderBy(...window.order)
            .limit(window.limit),
        ),
        database.run((queries) => queries.select({ total: count() }).from(patients).where(matches)),
      ]);
      return {
        ...rowsOf(found, page, (row) => ({ key: keyOf(row), value: toPatient(row) })),
        totalCount: counted[0]?.total ?? 0,
      };
    },

    async create(person, subject, id = randomUUID()) {
      const [row] = await database.run((queries) =>
        queries
          .insert(patients)
          .values({
            ...{ id, subject },
            ...demographics.seal(id, person),
            createdAt: new Date(clock()),
          })
          .onConflictDoNothing()
          .returning(),
      );
      // Either the subject has a record already, or this very record was made before.
      return row === undefined ? (await find([id]))[0] : toPatient(row);
    },

    fillGaps: (id, person) =>
      database.transaction(async (queries) => {
        const [row] = await queries
          .select()
          .from(patients)
          .where(inArray(patients.id, onlyUuids([id])))
          .for('update');
        if (row === undefined) {
          throw missing();
        }
        const known = toPatient(row);
        const filled: Patient = {
          ...known,
          birthDate: known.birthDate ?? person.birthDate ?? null,
          sex: known.sex ?? person.sex ?? null,
          email: known.email ?? person.email ?? null,
          phone: known.phone ?? person.phone ?? null,
          // As one field: a street of one source and a city of another make no address.
          address: known.address ?? person.address ?? null,
        };
        await queries
          .update(patients)
          .set(demographics.seal(id, filled))
          .where(eq(patients.id, id));
        return filled;
      }),

    async linkSubject(id, subject) {
      try {
        const [row] = await database.run((queries) =>
          queries
            .update(patients)
            .set({ subject })
            .where(
              and(
                inArray(patients.id, onlyUuids([id])),
                or(isNull(patients.subject), eq(patients.subject, subject)),
              ),
            )
            .returning(),
        );
        if (row !== undefined) {
          return toPatient(row);
        }
      } catch (error) {
        if (isTaken(error)) {
          return 'TAKEN';
        }
        throw error;
      }
      if ((await find([id])).length === 0) {
        throw missing();
      }
      return 'TAKEN';
    },
  };
}
