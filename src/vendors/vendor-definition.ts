import { z } from 'zod';
import type { RequestScope } from '../domain/request.ts';
import type { TokenVault } from '../domain/store.ts';
import type { Capability, VendorAdapter, VendorId } from '../domain/vendor.ts';
import type { Transport, TransportOptions } from '../http/exchange.ts';
import type { SimulatorFactory } from '../sandbox/simulator.ts';

/** What the entry hands to a vendor's door. */
export interface VendorParts<Settings> {
  id: VendorId;
  /** The parsed variables under their environment names. */
  settings: Settings;
  /** Makes the way out to a base URL of the settings. */
  transport: (options: Pick<TransportOptions, 'baseUrl' | 'timeouts' | 'concurrency'>) => Transport;
  tokens: TokenVault;
  /** This gateway's own address, for the OAuth callback. */
  publicUrl: URL;
  /** Milliseconds since the epoch. */
  clock: () => number;
}

/** What a look at a vendor needs: neither a store nor anybody's tokens. */
export type ProbeParts<Settings> = Omit<VendorParts<Settings>, 'tokens'>;

/**
 * One harmless look at a vendor. It changes nothing there, is about no patient, and sends no credential
 * that the call does not take.
 */
export interface VendorCheck {
  /** The variable that names the place, for whoever finds nobody there. */
  address: string;
  /** The variables that the vendor judges; none where the call is public. */
  credentials: readonly string[];
  /** @throws VendorError where the vendor cannot be reached, or does not take the credentials */
  run(scope: RequestScope): Promise<void>;
}

/** How an operator sees whether a vendor answers and takes the credentials. */
export interface VendorProbe {
  checks: readonly VendorCheck[];
  /** Variables that no harmless call of this vendor takes: only real use proves them. */
  unproven?: readonly string[];
}

/** One line of the registry. */
export interface VendorDefinition<Shape extends z.ZodRawShape = z.ZodRawShape> {
  label: string;
  /** For the schema's documentation; ends in a full stop. */
  description: string;
  /** What the door offers; the conformance test holds it against the adapter. */
  capabilities: readonly Capability[];
  /** The vendor's environment variables, each with a description. */
  environment: z.ZodObject<Shape>;
  create(parts: VendorParts<z.output<z.ZodObject<Shape>>>): VendorAdapter;
  /** How an operator sees whether the vendor answers and takes the credentials; for `portico doctor`. */
  probe(parts: ProbeParts<z.output<z.ZodObject<Shape>>>): VendorProbe;
  /** Loaded lazily, so that production never loads a simulator. */
  sandbox: () => Promise<SimulatorFactory>;
}

/** Infers the settings' type from the environment's shape, and what the vendor's simulator offers tests. */
export const defineVendor = <Shape extends z.ZodRawShape, Factory extends SimulatorFactory>(
  definition: Omit<VendorDefinition<Shape>, 'sandbox'> & { sandbox: () => Promise<Factory> },
) => definition;

/** Whether an address stays on this machine. */
export const isLoopback = (url: URL) => /^(localhost|127(\.\d+){3}|\[::1\])$/.test(url.hostname);

/**
 * A vendor's base URL: https, or http on loopback; without credentials, query or fragment. A missing
 * last slash is added, so that relative paths stay below it.
 */
export const baseUrl = (description: string) =>
  z
    .string()
    .transform((text, context) => {
      const url = URL.canParse(text) ? new URL(text) : undefined;
      if (!url || !['https:', 'http:'].includes(url.protocol)) {
        context.addIssue({ code: 'custom', message: 'must be an https:// URL' });
        return z.NEVER;
      }
      if (url.protocol === 'http:' && !isLoopback(url)) {
        context.addIssue({
          code: 'custom',
          message: 'must be https:// (http:// only on loopback)',
        });
        return z.NEVER;
      }
      if (url.username || url.password || url.search || url.hash) {
        context.addIssue({
          code: 'custom',
          message:
            'must not hold credentials, a query or a fragment; use the variables meant for them',
        });
        return z.NEVER;
      }
      url.pathname = url.pathname.replace(/\/*$/, '/');
      return url;
    })
    .describe(description);

/** A non-empty value that is sent as it is. */
export const credential = (description: string) =>
  z
    .string()
    .trim()
    .min(1)
    .regex(/^[\x20-\x7e]+$/, 'must be printable ASCII')
    .describe(description);

const number = (pattern: RegExp, message: string, least: number, most: number) =>
  z.string().regex(pattern, message).transform(Number).pipe(z.number().min(least).max(most));

/** In decimal digits: what `Number` takes beyond them (`0x10`, `1e3`) is a slip rather than meant. */
export const wholeNumber = (least: number, most: number) =>
  number(/^-?\d+$/, 'must be a whole number', least, most);

/** `2.5`, too. */
export const decimalNumber = (least: number, most: number) =>
  number(/^-?\d+(\.\d+)?$/, 'must be a number', least, most);

/** The variables that every vendor has, named after it: time of an attempt, calls at once, requests a second. */
export const limits = <Prefix extends string>(
  prefix: Prefix,
): {
  [Key in `${Prefix}_TIMEOUT_MS` | `${Prefix}_CONCURRENCY` | `${Prefix}_PER_SECOND`]: z.ZodOptional<
    ReturnType<typeof wholeNumber>
  >;
} => {
  const shape = {
    [`${prefix}_TIMEOUT_MS`]: wholeNumber(50, 120_000)
      .optional()
      .describe(
        'Milliseconds that one attempt of a call may take; replaces the defaults for reads and writes.',
      ),
    [`${prefix}_CONCURRENCY`]: wholeNumber(1, 1000)
      .optional()
      .describe('Calls to this vendor at once, per class (reads, writes).'),
    [`${prefix}_PER_SECOND`]: decimalNumber(0.1, 10_000)
      .optional()
      .describe('Requests a second that this vendor allows; unlimited where absent.'),
  };
  return shape as unknown as ReturnType<typeof limits<Prefix>>;
};
