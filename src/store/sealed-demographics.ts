import { foldedEmail, nameBeginnings, wantedBeginnings } from '../domain/name-folding.ts';
import type { Demographics } from '../domain/records.ts';
import type { Sealer } from '../domain/store.ts';
import { createSealedJson } from './sealed-json.ts';
import { StoreError } from './store-error.ts';

const purposeOf = (id: string) => `patients/${id}/sealed`;
const forNames = 'patients/name_index';
const forEmails = 'patients/email_index';

/** 64 bits: among a million beginnings two are hardly ever alike, and what is found is opened anyway. */
const indexLength = 16;
const shortened = (fingerprint: string) => fingerprint.slice(0, indexLength);

/** What is stored of a person: sealed, with keyed hashes to find it by. */
export interface SealedDemographics {
  sealed: string;
  nameIndex: string[];
  emailIndex: string | null;
}

/**
 * Seals demographics for the register. Who reads the table sees how many there are, whose names begin
 * alike and which e-mails are equal, and nothing else.
 */
export function createSealedDemographics(sealer: Sealer) {
  const json = createSealedJson(sealer);

  function seal(id: string, person: Demographics): SealedDemographics {
    const { firstName, lastName, birthDate, sex, email, phone, address } = person;
    const demographics = { firstName, lastName, birthDate, sex, email, phone, address };
    return {
      sealed: json.seal(purposeOf(id), demographics) ?? '',
      // Sorted: in the order of the name, they would tell how long its parts are.
      nameIndex: nameBeginnings(firstName, lastName)
        .map((beginning) => shortened(sealer.fingerprint(forNames, beginning)))
        .sort(),
      emailIndex: email === null ? null : sealer.fingerprint(forEmails, foldedEmail(email)),
    };
  }

  const opened = (id: string, sealed: string) =>
    json.open(purposeOf(id), sealed) as Demographics | undefined;

  return {
    seal,

    /** @throws StoreError UNREADABLE where it was changed, is another record's, or its key is not known */
    open(id: string, sealed: string): Demographics {
      const person = opened(id, sealed);
      if (person === undefined) {
        throw new StoreError('UNREADABLE');
      }
      return person;
    },

    /** The same under the key that is in use; undefined where it cannot be opened. */
    reseal(id: string, sealed: string): SealedDemographics | undefined {
      const person = opened(id, sealed);
      return person && seal(id, person);
    },

    /** For each part of a search, what it may be in `nameIndex`, by each key that is known. */
    namesIn: (search: string): string[][] =>
      wantedBeginnings(search).map((beginnings) =>
        beginnings.flatMap((each) => sealer.fingerprints(forNames, each).map(shortened)),
      ),

    /** What an e-mail may be in `emailIndex`. */
    emailsOf: (email: string): string[] => sealer.fingerprints(forEmails, foldedEmail(email)),
  };
}
