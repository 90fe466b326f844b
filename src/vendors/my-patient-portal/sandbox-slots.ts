import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { type PortalType, types } from './fixtures.ts';

/** Where the sandbox's practice is. */
export const timeZone = 'Europe/Berlin';

const dayLength = 24 * 60 * 60 * 1000;

// Made once: each takes as long to make as hundreds of its answers.
const offsetFormat = new Intl.DateTimeFormat('en', { timeZone, timeZoneName: 'longOffset' });
const localFormat = new Intl.DateTimeFormat('sv-SE', {
  timeZone,
  dateStyle: 'short',
  timeStyle: 'medium',
});

/** `+01:00`, as it applies at an instant. */
function offsetAt(instant: number): string {
  const parts = offsetFormat.formatToParts(instant);
  return parts.find(({ type }) => type === 'timeZoneName')?.value.slice(3) || '+00:00';
}

/** ISO 8601 with the clinic's offset, which flips at daylight-saving changes. */
export const toIso = (instant: number): string =>
  `${localFormat.format(instant).replace(' ', 'T')}${offsetAt(instant)}`;

export const toDay = (instant: number) => toIso(instant).slice(0, 10);

/** The instant of a local day and time of day. */
export function atLocal(day: string, time: string): number {
  const guess = Date.parse(`${day}T${time}:00${offsetAt(Date.parse(`${day}T12:00:00Z`))}`);
  return Date.parse(`${day}T${time}:00${offsetAt(guess)}`);
}

export const addDays = (day: string, days: number) =>
  new Date(Date.parse(`${day}T12:00:00Z`) + days * dayLength).toISOString().slice(0, 10);

const isWeekday = (day: string) => ![0, 6].includes(new Date(`${day}T12:00:00Z`).getUTCDay());

/** A day itself, or the Monday after it. */
export function nextWeekday(day: string): string {
  return isWeekday(day) ? day : nextWeekday(addDays(day, 1));
}

export const minutesOf = ({ duration }: PortalType) => {
  const [hours = 0, minutes = 0] = String(duration).split(':').map(Number);
  return typeof duration === 'number' ? duration : hours * 60 + minutes;
};

/** All times of a type between two days, both included, earliest first. Booked ones are among them. */
export function gridOf(type: PortalType, from: string, to: string): number[] {
  const starts: number[] = [];
  for (let day = from; day <= to && starts.length < 2_000; day = addDays(day, 1)) {
    if (isWeekday(day)) {
      starts.push(...type.times.map((time) => atLocal(day, time)));
    }
  }
  return starts;
}

/** What a slot's id hides. */
export interface SlotContent {
  typeId: number;
  insuranceId: number;
  start: number;
}

/** Bytes of the padded content: 184 characters of Base64, as in the vendor's sample. */
const contentLength = 138;
const swap = (text: string) => text.replaceAll('/', '_');
const swapBack = (text: string) => Buffer.from(text.replaceAll('_', '/'), 'base64');

/**
 * Availability ids of the documented layout (5.1): an encrypted message in three parts of 184, 16 and
 * 24 characters, Base64 with `_` for `/`. A fresh nonce makes the same slot another id each time.
 */
export function createSlotIds() {
  const key = randomBytes(32);
  return {
    seal({ typeId, insuranceId, start }: SlotContent): string {
      const nonce = randomBytes(12);
      const cipher = createCipheriv('aes-256-gcm', key, nonce);
      const text = `${typeId}|${insuranceId}|${start}|`.padEnd(contentLength, '.');
      const sealed = Buffer.concat([cipher.update(text, 'latin1'), cipher.final()]);
      return [sealed, nonce, cipher.getAuthTag()]
        .map((part) => swap(part.toString('base64')))
        .join('--');
    },
    /** Undefined for anything that is not one of this process's ids, to the last character. */
    open(id: string): SlotContent | undefined {
      const match = /^([\w+]{184})--([\w+]{16})--([\w+]{22}==)$/.exec(id);
      const [, sealed, nonce, tag] = match ?? [];
      if (sealed === undefined || nonce === undefined || tag === undefined) {
        return undefined;
      }
      try {
        const decipher = createDecipheriv('aes-256-gcm', key, swapBack(nonce));
        decipher.setAuthTag(swapBack(tag));
        const text =
          decipher.update(swapBack(sealed), undefined, 'latin1') + decipher.final('latin1');
        const [typeId, insuranceId, start] = text.split('|').map(Number);
        return typeId && insuranceId && start && types.some(({ id }) => id === typeId)
          ? { typeId, insuranceId, start }
          : undefined;
      } catch {
        return undefined;
      }
    },
  };
}
