import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  randomBytes,
  randomUUID,
} from 'node:crypto';
import { openSync, writeSync } from 'node:fs';
import pg from 'pg';

/**
 * What Portico owes for each answer besides the answer, written by hand for the two queries alone: the least
 * that a gateway with the same promises can take. The token's hash is looked up, the caller's requests are
 * counted, who is whom at the vendors and the sealed session are read from PostgreSQL, each vendor that was
 * asked goes down in a hash-chained trail that is committed before the answer leaves, and a line is logged.
 * Reads and trails of requests that come together go in one statement, which is prepared once, as Portico's do.
 */

const secret = Buffer.alloc(32, 7);
const patientId = '6f1fb7b4-3a54-4f0e-9d53-0d7a6a1d2c11';
const vendors = ['nimbus', 'vsee', 'portal', 'cerbo', 'mdhq'];

const tables = `
  create table accounts (patient_id uuid, vendor text, vendor_patient_id text, primary key (patient_id, vendor));
  create table tokens (patient_id uuid, vendor text, sealed text, primary key (patient_id, vendor));
  create table heads (patient_id uuid primary key, length bigint, hash text, seal text);
  create table events (
    id uuid primary key, at timestamptz, patient_id uuid, actor text, action text, vendor text, outcome text,
    number bigint, hash text, unique (patient_id, number)
  )`;
const append = `
  with held as materialized (
    select patient_id from heads where patient_id = $1 and seal = $2 for update
  ), moved as (
    update heads set length = $3, hash = $4, seal = $5 from held
    where heads.patient_id = held.patient_id returning 1
  ), written as (
    insert into events select * from jsonb_to_recordset($6::jsonb) as rows (
      id uuid, at timestamptz, patient_id uuid, actor text, action text, vendor text, outcome text,
      number bigint, hash text
    ) where exists (select from held)
  )
  select 1 from moved`;

const hmac = (text) => createHmac('sha256', secret).update(text).digest('hex');

/** One call of `work` for all that came in one turn, and while the last one was under way. */
function gathered(work) {
  let waiting = [];
  let running = false;
  const run = async () => {
    running = true;
    while (waiting.length > 0) {
      await new Promise(setImmediate);
      const calls = waiting;
      waiting = [];
      try {
        const found = await work(calls.map(({ item }) => item));
        for (const [index, { resolve }] of calls.entries()) {
          resolve(found?.[index]);
        }
      } catch (error) {
        for (const { reject } of calls) {
          reject(error);
        }
      }
    }
    running = false;
  };
  return (item) =>
    new Promise((resolve, reject) => {
      waiting.push({ item, resolve, reject });
      if (!running) {
        run();
      }
    });
}

function sealed(text) {
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', secret, nonce);
  const body = Buffer.concat([cipher.update(text), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), body]).toString('base64url');
}

function opened(sealed) {
  const bytes = Buffer.from(sealed, 'base64url');
  const decipher = createDecipheriv('aes-256-gcm', secret, bytes.subarray(0, 12));
  decipher.setAuthTag(bytes.subarray(12, 28));
  return Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()]).toString();
}

/**
 * @param databaseUrl of an empty database
 * @param token that requests are sent with
 * @returns what is done before vendors are asked, and after
 */
export async function createDuties({ databaseUrl, token }) {
  const pool = new pg.Pool({ connectionString: databaseUrl, max: 9 });
  await pool.query(tables);
  for (const vendor of vendors) {
    await pool.query('insert into accounts values ($1, $2, $3)', [patientId, vendor, vendor]);
    await pool.query('insert into tokens values ($1, $2, $3)', [
      ...[patientId, vendor],
      sealed(randomBytes(300).toString('base64url')),
    ]);
  }
  const head = { length: 0, hash: '', seal: '' };
  await pool.query('insert into heads values ($1, 0, $2, $2)', [patientId, '']);
  const known = new Set([createHash('sha256').update(token).digest('base64')]);
  const counts = new Map();
  const log = openSync('/dev/null', 'w');

  const reading = (name, text) =>
    gathered(async (ids) => {
      const { rows } = await pool.query({ name, text, values: [[...new Set(ids)]] });
      return ids.map((id) => rows.filter(({ patient_id: owner }) => owner === id));
    });
  const [accounts, sessions] = ['accounts', 'tokens'].map((table) =>
    reading(table, `select * from ${table} where patient_id = any($1::uuid[])`),
  );
  const trail = gathered(async (trails) => {
    const before = head.seal;
    const rows = trails.flat().map((event) => {
      head.length += 1;
      head.hash = hmac(JSON.stringify([head.hash, head.length, event]));
      return { ...event, number: head.length, hash: head.hash };
    });
    head.seal = hmac(JSON.stringify([head.length, head.hash]));
    const values = [patientId, before, head.length, head.hash, head.seal, JSON.stringify(rows)];
    const { rowCount } = await pool.query({ name: 'append', text: append, values });
    if (rowCount !== 1) {
      throw new Error('The chain moved.');
    }
  });

  return {
    async before({ authorization }) {
      if (!known.has(createHash('sha256').update(authorization.slice(7)).digest('base64'))) {
        throw new Error('Who is that?');
      }
      counts.set(authorization, (counts.get(authorization) ?? 0) + 1);
      await accounts(patientId);
      const [session] = await sessions(patientId);
      opened(session.sealed);
      return performance.now();
    },
    async after(begun, asked) {
      const at = new Date();
      await trail(
        asked.map((vendor) => ({
          ...{ id: randomUUID(), at, patient_id: patientId, actor: 'sandbox-staff' },
          ...{ action: 'Visit', vendor, outcome: 'ALLOWED' },
        })),
      );
      const line = {
        level: 30,
        time: at.toISOString(),
        requestId: randomUUID(),
        operation: 'query',
      };
      writeSync(log, `${JSON.stringify({ ...line, duration: performance.now() - begun })}\n`);
    },
  };
}
