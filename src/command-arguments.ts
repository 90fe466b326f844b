import { InvalidArgumentError } from 'commander';
import { parseOwnId } from './domain/ids.ts';

/** What a command's options may be. Each throws an InvalidArgumentError that says so. */

/** The first of six ports in a row; 0: any free ones. */
export function firstPort(text: string): number {
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65_530) {
    throw new InvalidArgumentError('It must be a number from 0 to 65530.');
  }
  return Number(text);
}

/** Processes on one port, 1 to 64. */
export function workerCount(text: string): number {
  if (!/^\d{1,2}$/.test(text) || Number(text) < 1 || Number(text) > 64) {
    throw new InvalidArgumentError('It must be a number from 1 to 64.');
  }
  return Number(text);
}

/** An http or https URL. */
export function webAddress(text: string): URL {
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol)) {
    throw new InvalidArgumentError('It must be a URL such as http://localhost:4000.');
  }
  return new URL(text);
}

/** A patient as GraphQL knows them, or as `audit verify` prints them. */
export function patientKey(text: string): string {
  const key = parseOwnId('Patient', text) ?? text;
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(key)) {
    throw new InvalidArgumentError(
      'It must be the id of a Patient, or its key as `audit verify` prints it.',
    );
  }
  return key;
}
