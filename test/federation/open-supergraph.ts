import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { installPackages } from '../support/install-packages.ts';

/** Gateways of other people over Portico and a second subgraph, in a process and with packages of their own. */

const folder = fileURLToPath(new URL('.', import.meta.url));
export interface Invoice {
  number: string;
  cents: number;
  patientId: string;
  visitId?: string;
}

export interface Setup {
  portico: { url: string; sdl: string };
  billing: { sdl: string; invoices: readonly Invoice[] };
}

export type GatewayName = 'hive' | 'apollo';

export interface Supergraph {
  /** What was composed, and hints about it. */
  supergraph: string;
  hints: readonly string[];
  /** Where the gateways listen. */
  gateways: Readonly<Record<GatewayName, string>>;
  /** Asks through a gateway. */
  // biome-ignore lint/suspicious/noExplicitAny: answers are read by tests that assert what they find
  query(gateway: GatewayName, document: string, variables: object, token: string): Promise<any>;
  close(): Promise<void>;
}

/** @throws Error with the composition's errors, where the two do not compose */
export async function openSupergraph(setup: Setup): Promise<Supergraph> {
  await installPackages(folder);
  const child = spawn(process.execPath, [join(folder, 'supergraph.mjs')], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { PATH: process.env.PATH, NODE_ENV: 'production' },
  });
  const gone = once(child, 'exit');
  child.stdin.write(`${JSON.stringify(setup)}\n`);
  const said = await Promise.race([
    once(createInterface({ input: child.stdout }), 'line'),
    gone.then(() => Promise.reject(new Error('The supergraph ended without a word.'))),
  ]);
  const { errors, gateways, supergraph, hints } = JSON.parse(said[0]);
  const close = async () => {
    child.stdin.end();
    await gone;
  };
  if (errors !== undefined) {
    await close();
    throw new Error(errors.join('\n'));
  }
  return {
    supergraph,
    hints,
    gateways,
    close,
    async query(gateway, query, variables, token) {
      const answer = await fetch(gateways[gateway], {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
        body: JSON.stringify({ query, variables }),
      });
      return answer.json();
    },
  };
}
