import { inArray, lte } from 'drizzle-orm';
import type { ConnectionSecrets } from '../domain/capabilities/appointments.ts';
import type { PendingConnections, Sealer } from '../domain/store.ts';
import type { Database } from './database.ts';
import { tokensFromText, tokensToText } from './sealed-tokens.ts';
import { connectionGrants, pendingConnections } from './tables.ts';
import { replaceTokens } from './token-rows.ts';
import { linkAccount } from './vendor-accounts.ts';

const statePurpose = 'pending_connections/state';
const tokenPurpose = 'connection_grants/token';
const secretsOf = (fingerprint: string) => `pending_connections/${fingerprint}/sealed_secrets`;
const grantOf = (fingerprint: string) => `connection_grants/${fingerprint}/sealed_grant`;

/** Deletes logins that nobody came back for, and finished ones that nobody took. */
export async function clearExpiredLogins(database: Database, now: Date): Promise<void> {
  await database.run((queries) =>
    queries.delete(pendingConnections).where(lte(pendingConnections.expiresAt, now)),
  );
  await database.run((queries) =>
    queries.delete(connectionGrants).where(lte(connectionGrants.expiresAt, now)),
  );
}

/**
 * Keeps logins under way. Taking deletes the row in the statement that reads it: that makes it
 * single use across processes, and leaves nothing behind that could be read later. One that was begun
 * under a key which is an old one by now is found, too.
 */
export function createPendingConnections(
  database: Database,
  sealer: Sealer,
  clock: () => number,
): PendingConnections {
  const isOver = (expiresAt: Date) => expiresAt.getTime() <= clock();
  const isOf = (token: string) =>
    inArray(connectionGrants.tokenFingerprint, sealer.fingerprints(tokenPurpose, token));

  return {
    async begin({ vendor, patientId, subject, returnTo, secrets, expiresAt }) {
      await clearExpiredLogins(database, new Date(clock()));
      const stateFingerprint = sealer.fingerprint(statePurpose, secrets.state);
      // What the caller's own page put into the query of its address may say whom it is about.
      const sealedSecrets = sealer.seal(
        secretsOf(stateFingerprint),
        JSON.stringify({ ...secrets, returnTo }),
      );
      const { origin, pathname } = new URL(returnTo);
      await database.run((queries) =>
        queries.insert(pendingConnections).values({
          stateFingerprint,
          vendor,
          patientId,
          subject,
          returnTo: origin + pathname,
          sealedSecrets,
          expiresAt,
        }),
      );
    },

    async takeByState(state) {
      const fingerprints = sealer.fingerprints(statePurpose, state);
      const [row] = await database.run((queries) =>
        queries
          .delete(pendingConnections)
          .where(inArray(pendingConnections.stateFingerprint, fingerprints))
          .returning(),
      );
      const sealed = row && sealer.open(secretsOf(row.stateFingerprint), row.sealedSecrets);
      if (row === undefined || sealed === undefined || isOver(row.expiresAt)) {
        return undefined;
      }
      // A process of an earlier version may have begun it: it kept the whole address beside.
      const { returnTo = row.returnTo, ...secrets } = JSON.parse(sealed) as ConnectionSecrets & {
        returnTo?: string;
      };
      return {
        vendor: row.vendor,
        patientId: row.patientId,
        subject: row.subject,
        returnTo,
        secrets,
        expiresAt: row.expiresAt,
      };
    },

    async keepGrant(token, { vendor, patientId, subject, expiresAt }, grant) {
      await clearExpiredLogins(database, new Date(clock()));
      const tokenFingerprint = sealer.fingerprint(tokenPurpose, token);
      const sealedGrant = sealer.seal(
        grantOf(tokenFingerprint),
        JSON.stringify([grant.vendorPatientId, tokensToText(grant.tokens)]),
      );
      await database.run((queries) =>
        queries.insert(connectionGrants).values({
          tokenFingerprint,
          vendor,
          patientId,
          subject,
          sealedGrant,
          expiresAt,
        }),
      );
    },

    async findGrant(token, subject) {
      const row = await database.run(async (queries) => {
        const [found] = await queries.select().from(connectionGrants).where(isOf(token));
        if (found !== undefined && found.subject !== subject) {
          await queries.delete(connectionGrants).where(isOf(token));
        }
        return found?.subject === subject ? found : undefined;
      });
      return row === undefined || isOver(row.expiresAt)
        ? undefined
        : { vendor: row.vendor, patientId: row.patientId };
    },

    linkGrant: (token) =>
      database.transaction(async (queries) => {
        const [row] = await queries.delete(connectionGrants).where(isOf(token)).returning();
        const grant = row && sealer.open(grantOf(row.tokenFingerprint), row.sealedGrant);
        if (row === undefined || grant === undefined || isOver(row.expiresAt)) {
          return undefined;
        }
        const [vendorPatientId, tokens] = JSON.parse(grant) as [string, string];
        const key = { vendor: row.vendor, patientId: row.patientId };
        const link = { ...key, vendorPatientId, linkMethod: 'OAUTH' } as const;
        const account = await linkAccount(queries, link, clock());
        if (account === 'TAKEN') {
          return account;
        }
        await replaceTokens(queries, sealer, key, tokensFromText(tokens));
        return { ...account, connected: true };
      }),
  };
}
