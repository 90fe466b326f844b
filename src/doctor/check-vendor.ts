import type { z } from 'zod';
import type { Config, ConfigurationProblem } from '../config.ts';
import { VendorError } from '../domain/errors.ts';
import { listed } from '../domain/listed.ts';
import type { RequestScope } from '../domain/request.ts';
import type { Transport } from '../http/exchange.ts';
import { createTransport } from '../http/transport.ts';
import type { VendorCheck, VendorDefinition, VendorProbe } from '../vendors/vendor-definition.ts';
import { connectionWords, type Finding, failed, ok, skipped } from './finding.ts';

export interface VendorQuestion {
  id: string;
  definition: VendorDefinition;
  config: Config;
  /** Of this vendor's variables. */
  problems: readonly ConfigurationProblem[];
  /** Milliseconds for all of its checks together. */
  patience: number;
}

/** What a failed check means, and what to do next. */
function words({ kind, status, reason }: VendorError, check: VendorCheck, id: string): string {
  const { address } = check;
  const credentials = listed(check.credentials);
  switch (kind) {
    case 'UNREACHABLE':
      return `cannot be reached: ${connectionWords(reason, address)}`;
    case 'TIMED_OUT':
      return `took the call and did not answer in time. Try again; if it stays so, ask the vendor, or check ${address} and ${id}_TIMEOUT_MS.`;
    case 'CONNECTION_LOST':
      return `broke the connection off. Check ${address}: https or http, host and port.`;
    case 'CREDENTIAL_REFUSED':
    case 'AUTHORIZATION_REQUIRED':
      return status === 403
        ? `knows us, but does not allow the call (HTTP 403). Ask the vendor what ${credentials || 'this deployment'} may do, and from which addresses.`
        : `does not accept ${credentials || 'us'} (HTTP ${status}). Check ${check.credentials.length > 1 ? 'them' : 'it'}, and that ${address} is where ${check.credentials.length > 1 ? 'they belong' : 'it belongs'}.`;
    case 'RATE_LIMITED':
      return 'answers, but asks for fewer calls (HTTP 429). Wait a minute, then look again.';
    case 'SERVER_ERROR':
      return `answers with a fault of its own${status ? ` (HTTP ${status})` : ''}. Try again; if it stays so, ask the vendor.`;
    case 'NOT_FOUND':
      return `has no such call there (HTTP ${status}). Check the path in ${address}.`;
    case 'REDIRECTED':
      return `sends us elsewhere (HTTP ${status}). Check ${address}: it has to be the API's own address.`;
    default:
      if (reason === 'account_unknown') {
        return `does not know ${credentials} (HTTP ${status}). Check it, and the path in ${address}.`;
      }
      return `answers, but not as its API does (${kind}). Check ${address}.`;
  }
}

/** Of variables that are missing or wrong: what each is for, and the way out. */
function halfConfigured({ definition, problems }: VendorQuestion): string {
  const shape = definition.environment.shape as Record<string, z.ZodType>;
  const each = problems.map(({ variable = '', text }) => {
    const meaning = shape[variable]?.description;
    return meaning ? `${text} (${meaning.replace(/\.$/, '')})` : text;
  });
  return `${each.join('; ')}. Mend that, or unset all of its variables to do without ${definition.label}.`;
}

async function ask(
  { checks, unproven = [] }: VendorProbe,
  scope: RequestScope,
  id: string,
): Promise<Finding> {
  for (const check of checks) {
    try {
      await check.run(scope);
    } catch (error) {
      if (error instanceof VendorError) {
        return failed(words(error, check, id));
      }
      throw error;
    }
  }
  const taken = listed(checks.flatMap(({ credentials }) => credentials));
  const later = unproven.length === 0 ? '' : ` Only real use proves ${listed(unproven)}.`;
  return ok(`answers and takes ${taken}.${later}`);
}

/** Asks one vendor what its door's probe asks, one after another, and nothing twice. */
export async function checkVendor(question: VendorQuestion): Promise<Finding> {
  const { id, definition, config, problems, patience } = question;
  const settings = config.vendors[id];
  if (problems.length > 0) {
    return failed(halfConfigured(question));
  }
  if (settings === undefined) {
    return skipped('not configured.');
  }
  const transports: Transport[] = [];
  const probe = definition.probe({
    id,
    settings,
    transport: (options) => {
      const transport = createTransport({ ...options, vendor: id, attempts: 1 });
      transports.push(transport);
      return transport;
    },
    publicUrl: config.publicUrl,
    clock: Date.now,
  });
  try {
    return await ask(probe, { requestId: 'doctor', deadline: Date.now() + patience }, id);
  } finally {
    await Promise.all(transports.map((transport) => transport.close?.()));
  }
}
