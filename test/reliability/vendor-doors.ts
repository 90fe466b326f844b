import { VendorError } from '../../src/domain/errors.ts';
import type { VendorCallRecord } from '../../src/domain/request.ts';
import { driven, type Nature } from '../vendors/conformance/exercises.ts';
import {
  definitions,
  type OpenVendor,
  openVendor,
  sandboxAna,
} from '../vendors/conformance/open-vendor.ts';
import { prepareWorld, type World } from '../vendors/conformance/world.ts';

/** Every operation of every vendor's door, sent to a vendor that misbehaves instead of its simulator. */

export const vendors = definitions;

/** How one operation ended. */
export interface Ended {
  /** `capability.function`. */
  operation: string;
  nature: Nature;
  /** Undefined where it was answered. */
  error: VendorError | undefined;
  answer: unknown;
  /** Requests sent, retries included, by what the door reports. */
  attempts: number;
  /** Each call with its status. */
  calls: VendorCallRecord[];
  milliseconds: number;
}

export interface AskOptions {
  /** Added to what the simulator gives the door. */
  settings?: Record<string, string>;
  /** Milliseconds until the deadline of the request. */
  deadline?: number;
  /** Default: all that make a call. */
  only?: (operation: { name: string; nature: Nature }) => boolean;
}

export interface Doors {
  open: OpenVendor;
  world: World;
  /** Names of the operations that make a call. */
  operations: readonly string[];
  /** All operations at once, each through a door of its own (so with breakers that know of nothing). */
  askAll(origin: string, options?: AskOptions): Promise<Ended[]>;
  close(): Promise<void>;
}

export async function openDoors(
  id: (typeof definitions)[number][0],
  definition: (typeof definitions)[number][1],
): Promise<Doors> {
  const open = await openVendor(id, definition);
  const world = await prepareWorld(open);
  const tokens = new Map(open.vault.entries);
  const remote = driven(definition.capabilities).filter(
    ({ exercise }) => exercise.nature !== 'local',
  );

  const settingsFor = (origin: string, settings: Record<string, string> = {}) => ({
    ...Object.fromEntries(
      Object.entries(open.simulator.environment).map(([name, value]) => [
        name,
        value.startsWith(open.simulator.origin)
          ? value.replace(open.simulator.origin, origin)
          : value,
      ]),
    ),
    ...settings,
  });

  async function ask(
    { name, exercise: { nature }, run }: (typeof remote)[number],
    origin: string,
    { settings, deadline = 15_000 }: AskOptions,
  ): Promise<Ended> {
    const calls: VendorCallRecord[] = [];
    const scope = {
      requestId: 'reliability',
      deadline: Date.now() + deadline,
      onVendorCall: (call: VendorCallRecord) => void calls.push(call),
    };
    const begun = performance.now();
    const door = open.connect(settingsFor(origin, settings));
    const [answer, thrown] = await run(door, { ...world, scope }).then(
      (value) => [value, undefined],
      (error: unknown) => [undefined, error],
    );
    if (thrown !== undefined && !(thrown instanceof VendorError)) {
      throw new Error(`${id} ${name} threw what is no VendorError`, { cause: thrown });
    }
    return {
      operation: name,
      nature,
      error: thrown,
      answer,
      calls,
      attempts: calls.reduce((sum, call) => sum + call.attempts, 0),
      milliseconds: performance.now() - begun,
    };
  }

  return {
    open,
    world,
    operations: remote.map(({ name }) => name),
    async askAll(origin, options = {}) {
      open.vault.entries.clear();
      for (const [patientId, kept] of tokens) {
        open.vault.entries.set(patientId, kept);
      }
      const { only = () => true } = options;
      return Promise.all(
        remote
          .filter(({ name, exercise: { nature } }) => only({ name, nature }))
          .map((each) => ask(each, origin, options)),
      );
    },
    close: () => open.close(),
  };
}

/** Whether a fault may be followed by another attempt: reads, and writes that do no harm twice. */
export const isRepeatable = ({ nature }: Ended) => nature === 'read' || nature === 'safe';

/** Values that must never reach a host that is not the vendor's. */
export const credentialsOf = ({ open, world }: Doors): string[] =>
  [
    ...Object.entries(open.simulator.environment)
      .filter(([name]) => /PASSWORD|SECRET|KEY$/.test(name))
      .map(([, value]) => value),
    ...[...open.vault.entries.values()].flatMap(({ accessToken, refreshToken }) => [
      accessToken,
      refreshToken ?? '',
    ]),
    world.session.token,
    String(sandboxAna().email),
  ].filter((value) => value !== '' && value !== 'absent');
