import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  createSecretKey,
  hkdfSync,
  type KeyObject,
  randomBytes,
} from 'node:crypto';
import type { Sealer } from '../domain/store.ts';

const formatVersion = 1;
const keyIdLength = 8;
const nonceLength = 12;
const tagLength = 16;
const keyLength = 32;
const headerLength = 1 + keyIdLength;
/** Characters of what `beginningOfSealed` returns: three for four, and nine can be divided by three. */
export const beginningLength = (headerLength / 3) * 4;
const overhead = headerLength + nonceLength + tagLength;

interface SealingKey {
  /** Format version and key id: the first bytes of everything that the key sealed. */
  header: Buffer;
  encryption: KeyObject;
}

/** As a key object: bytes would be taken in anew at each use. */
const derive = (key: Buffer, use: string) =>
  createSecretKey(
    Buffer.from(hkdfSync('sha256', key, Buffer.alloc(0), `portico ${use}`, keyLength)),
  );

function sealingKey(key: Buffer): SealingKey {
  if (key.length !== keyLength) {
    throw new RangeError('An encryption key has 32 bytes.');
  }
  const id = createHash('sha256').update(key).digest().subarray(0, keyIdLength);
  return {
    header: Buffer.concat([Buffer.from([formatVersion]), id]),
    encryption: derive(key, 'seal'),
  };
}

const beginningOf = ({ header }: SealingKey): string => header.toString('base64url');

/** What all begins with that a key has sealed. Tells which key it was, and nothing of it. */
export const beginningOfSealed = (key: Buffer): string => beginningOf(sealingKey(key));

/** The header is authenticated with the purpose, so that neither can be exchanged. */
const associatedData = (key: SealingKey, purpose: string) =>
  Buffer.concat([key.header, Buffer.from(purpose)]);

/**
 * AES-256-GCM with a random nonce and the purpose as associated data. Sealed text is base64url of
 * format version, key id, nonce, tag, ciphertext.
 * @param keys `current` seals; `old` keys only open what they sealed. 32 bytes each
 * @throws RangeError for a key of another length
 */
export function createSealer(keys: { current: Buffer; old?: Buffer[] }): Sealer {
  const current = sealingKey(keys.current);
  const known = [current, ...(keys.old ?? []).map(sealingKey)];
  const fingerprintKey = derive(keys.current, 'fingerprint');
  const oldFingerprintKeys = (keys.old ?? []).map((key) => derive(key, 'fingerprint'));
  // The length keeps ("ab", "c") and ("a", "bc") apart.
  const fingerprintBy = (key: KeyObject, purpose: string, value: string) =>
    createHmac('sha256', key)
      .update(`${Buffer.byteLength(purpose)}:${purpose}${value}`)
      .digest('hex');

  return {
    seal(purpose, value) {
      const nonce = randomBytes(nonceLength);
      const cipher = createCipheriv('aes-256-gcm', current.encryption, nonce);
      cipher.setAAD(associatedData(current, purpose));
      const text = Buffer.concat([cipher.update(value, 'utf8'), cipher.final()]);
      return Buffer.concat([current.header, nonce, cipher.getAuthTag(), text]).toString(
        'base64url',
      );
    },

    open(purpose, sealed) {
      const bytes = Buffer.from(sealed, 'base64url');
      // One value has one spelling: what decodes to the same bytes but looks different was changed.
      if (bytes.length < overhead || bytes.toString('base64url') !== sealed) {
        return undefined;
      }
      const key = known.find(({ header }) => header.equals(bytes.subarray(0, headerLength)));
      if (key === undefined) {
        return undefined;
      }
      const nonce = bytes.subarray(headerLength, headerLength + nonceLength);
      const decipher = createDecipheriv('aes-256-gcm', key.encryption, nonce, {
        authTagLength: tagLength,
      });
      decipher.setAAD(associatedData(key, purpose));
      decipher.setAuthTag(bytes.subarray(headerLength + nonceLength, overhead));
      try {
        const text = decipher.update(bytes.subarray(overhead));
        return Buffer.concat([text, decipher.final()]).toString('utf8');
      } catch {
        return undefined;
      }
    },

    beginning: beginningOf(current),
    knows: (beginning) => known.some((key) => beginningOf(key) === beginning),

    fingerprint: (purpose, value) => fingerprintBy(fingerprintKey, purpose, value),
    fingerprints: (purpose, value) =>
      [fingerprintKey, ...oldFingerprintKeys].map((key) => fingerprintBy(key, purpose, value)),
  };
}
