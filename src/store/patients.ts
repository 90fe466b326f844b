import { randomUUID } from 'node:crypto';
import { and, count, eq, inArray, isNull, or, type SQL, sql } from 'drizzle-orm';
import type { Address, Patient } from '../domain/records.ts';
import type { PatientRegister } from '../domain/store.ts';
import type { Database } from './database.ts';
import { malformedKey, type Ordering, type Position, rowsOf, windowOf } from './keyset.ts';
import { fold, searchName, sortName, wordsOf } from './name-folding.ts';
import { onlyUuids } from './row-ids.ts';
import { StoreError } from './store-error.ts';
import { patients } from './tables.ts';

type Row = typeof patients.$inferSelect;

const order: Ordering = { columns: [patients.sortName, patients.id], direction: 'asc' };
const missing = () => new StoreError('MISSING', 'There is no such patient.');
const uniqueViolation = '23505';

function toAddress(value: unknown): Address | null {
  if (typeof value !== 'object' || value === null) {
    return null;
  }
  const found = value as Partial<Address>;
  return {
    street: found.street ?? null,
    city: found.city ?? null,
    state: found.state ?? null,
    postalCode: found.postalCode ?? null,
    country: found.country ?? null,
  };
}

const toPatient = (row: Row): Patient => ({
  id: row.id,
  subject: row.subject,
  firstName: row.firstName,
  lastName: row.lastName,
  birthDate: row.birthDate,
  sex: row.sex as Patient['sex'],
  email: row.email,
  phone: row.phone,
  address: toAddress(row.address),
  createdAt: row.createdAt,
});

/** Each word in the names, taken literally, or the whole text as e-mail. */
function matching(text: string | null): SQL | undefined {
  const words = wordsOf(text ?? '');
  if (words.length === 0) {
    return undefined;
  }
  // strpos and not LIKE: it knows no wildcards, so nothing has to be escaped.
  const inNames = words.map((word) => sql`strpos(${patients.searchName}, ${word}) > 0`);
  return or(and(...inNames), eq(patients.emailKey, fold((text ?? '').trim())));
}

/** Reads and writes the clinic's own register. */
export function createPatientRegister(database: Database, clock: () => number): PatientRegister {
  async function position(key: string | undefined): Promise<Position | undefined> {
    if (key === undefined) {
      return undefined;
    }
    // The key is the id alone: a cursor that held the name would carry it into logs.
    const [row] = await database.run((queries) =>
      queries
        .select({ sortName: patients.sortName, id: patients.id })
        .from(patients)
        .where(inArray(patients.id, onlyUuids([key]))),
    );
    if (row === undefined) {
      throw malformedKey();
    }
    return [row.sortName, row.id];
  }

  async function where(condition: SQL | undefined): Promise<Patient[]> {
    const rows = await database.run((queries) => queries.select().from(patients).where(condition));
    return rows.map(toPatient);
  }

  const find: PatientRegister['find'] = async (ids) => {
    const wellFormed = onlyUuids(ids);
    return wellFormed.length === 0 ? [] : where(inArray(patients.id, wellFormed));
  };

  return {
    find,

    async findBySubject(subject) {
      return (await where(eq(patients.subject, subject)))[0];
    },

    findByEmail: (email) => where(eq(patients.emailKey, fold(email.trim()))),

    async search(text, page) {
      // A NUL character is in no stored text, and PostgreSQL refuses it in a parameter.
      if (text?.includes('\0')) {
        return { rows: [], hasMore: false, totalCount: 0 };
      }
      const matches = matching(text);
      const [after, before] = await Promise.all([position(page.after), position(page.before)]);
      const window = windowOf(page, order, { after, before });
      const [found, counted] = await Promise.all([
        database.run((queries) =>
          queries
            .select()
            .from(patients)
            .where(and(matches, ...window.conditions))
            .orderBy(...window.order)
            .limit(window.limit),
        ),
        database.run((queries) => queries.select({ total: count() }).from(patients).where(matches)),
      ]);
      return {
        ...rowsOf(found, page, (row) => ({ key: row.id, value: toPatient(row) })),
        totalCount: counted[0]?.total ?? 0,
      };
    },

    async create(person, subject, id = randomUUID()) {
      const [row] = await database.run((queries) =>
        queries
          .insert(patients)
          .values({
            id,
            subject,
            firstName: person.firstName,
            lastName: person.lastName,
            birthDate: person.birthDate,
            sex: person.sex,
            email: person.email,
            phone: person.phone,
            address: person.address,
            createdAt: new Date(clock()),
            searchName: searchName(person.firstName, person.lastName),
            sortName: sortName(person.firstName, person.lastName),
            emailKey: person.email === null ? null : fold(person.email.trim()),
          })
          .onConflictDoNothing()
          .returning(),
      );
      // Either the subject has a record already, or this very record was made before.
      return row === undefined ? (await find([id]))[0] : toPatient(row);
    },

    async fillGaps(id, person) {
      const email = person.email ?? null;
      const gap = (
        column: typeof patients.birthDate | typeof patients.sex | typeof patients.phone,
        value: string | null | undefined,
      ) => sql`coalesce(${column}, ${sql.param(value ?? null, column)})`;
      const [row] = await database.run((queries) =>
        queries
          .update(patients)
          .set({
            birthDate: gap(patients.birthDate, person.birthDate),
            sex: gap(patients.sex, person.sex),
            phone: gap(patients.phone, person.phone),
            email: sql`coalesce(${patients.email}, ${email})`,
            emailKey: sql`coalesce(${patients.emailKey}, ${email === null ? null : fold(email.trim())})`,
            // As one field: a street of one source and a city of another make no address.
            address: sql`coalesce(${patients.address}, ${
              person.address ? JSON.stringify(person.address) : null
            }::jsonb)`,
          })
          .where(inArray(patients.id, onlyUuids([id])))
          .returning(),
      );
      if (row === undefined) {
        throw missing();
      }
      return toPatient(row);
    },

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
        if (error instanceof StoreError && error.code === uniqueViolation) {
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
