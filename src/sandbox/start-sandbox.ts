import { registry } from '../vendors/registry.ts';
import { type IdentityProvider, startIdentityProvider } from './identity-provider.ts';
import type { Simulator } from './simulator.ts';

export interface SandboxOptions {
  /** This gateway's own address: the OAuth callback is registered from it. */
  publicUrl: URL;
  /** The identity provider's port, the vendors' the ones after it; 0: any free ports. */
  firstPort: number;
  /** Milliseconds since the epoch; default the system's. */
  clock?: () => number;
}

type SimulatorOf<Id extends keyof typeof registry> = Awaited<
  ReturnType<Awaited<ReturnType<(typeof registry)[Id]['sandbox']>>>
>;
type Simulators = { [Id in keyof typeof registry]: SimulatorOf<Id> };

/** The registry's vendors and an identity provider, over real HTTP on loopback. */
export interface Sandbox {
  readonly simulators: Simulators;
  readonly identityProvider: IdentityProvider;
  /** The environment variables with which a gateway runs over it. */
  readonly environment: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

const audience = 'portico';

/** Where the sandbox's pages and tests let a login come back to. */
const returnUrls = (publicUrl: URL) =>
  ['', 'graphql', 'connected'].map((path) => new URL(path, publicUrl).href).join(',');

/** Starts all simulators; what one of them cannot start is ended again. */
export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  const { publicUrl, firstPort, clock = Date.now } = options;
  const portAt = (index: number) => (firstPort === 0 ? 0 : firstPort + index);
  const identityProvider = await startIdentityProvider({
    port: portAt(0),
    clock,
    audience,
    redirectUris: [new URL('graphql', publicUrl).href, publicUrl.href],
  });
  const started: Simulator[] = [];
  const close = async () => {
    await Promise.all([identityProvider.close(), ...started.map((each) => each.close())]);
  };
  const starting = Object.entries(registry).map(async ([id, definition], index) => {
    const startSimulator = await definition.sandbox();
    const simulator = await startSimulator({ port: portAt(index + 1), publicUrl, clock });
    started.push(simulator);
    return [id, simulator] as const;
  });
  try {
    const entries = await Promise.all(starting);
    return {
      simulators: Object.fromEntries(entries) as Simulators,
      identityProvider,
      environment: {
        ...Object.assign({}, ...entries.map(([, simulator]) => simulator.environment)),
        AUTH_ISSUER: identityProvider.issuer,
        AUTH_AUDIENCE: audience,
        ALLOWED_RETURN_URLS: returnUrls(publicUrl),
      },
      close,
    };
  } catch (error) {
    // One that comes up after the others were ended would keep the process.
    await Promise.allSettled(starting);
    await close();
    throw error;
  }
}
