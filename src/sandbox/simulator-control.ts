import type { IncomingMessage } from 'node:http';
import { z } from 'zod';
import { type Fault, faultKinds, type Simulator, type SimulatorAnswer } from './simulator.ts';
import { readBody, UnreadableBody } from './simulator-bodies.ts';

const faultInput = z.strictObject({
  kind: z.enum(faultKinds),
  act: z.boolean().optional(),
  status: z.int().min(200).max(599).optional(),
  headers: z.record(z.string(), z.string()).optional(),
  location: z.string().optional(),
  match: z
    .string()
    .transform((text, context) => {
      try {
        return new RegExp(text);
      } catch {
        context.addIssue({ code: 'custom', message: 'is no regular expression' });
        return z.NEVER;
      }
    })
    .optional(),
  after: z.int().min(0).optional(),
  times: z.int().positive().optional(),
});
const latencyInput = z.strictObject({ milliseconds: z.int().min(0).max(600_000) });

const json = (status: number, body?: unknown): SimulatorAnswer => ({ status, body });
/** A page of another site can reach loopback by a made-up name, but not by this one. */
const isLocal = (host: string | undefined) => /^(127\.0\.0\.1|localhost)(:\d+)?$/.test(host ?? '');

/** The routes below `/_sandbox/` by which other processes, and people, steer a simulator. */
export async function answerControl(
  simulator: Simulator,
  request: IncomingMessage,
  path: string,
): Promise<SimulatorAnswer> {
  if (!isLocal(request.headers.host)) {
    return json(403, { error: 'only from this machine' });
  }
  try {
    const body = await readBody(request);
    switch (`${request.method} ${path}`) {
      case 'GET /_sandbox/calls':
        return json(200, simulator.calls);
      case 'DELETE /_sandbox/calls':
        simulator.clear();
        return json(204);
      case 'POST /_sandbox/faults':
        // Undefined keys do no harm: the simulator reads them as absent.
        simulator.fault(faultInput.parse(body) as Fault);
        return json(201);
      case 'PUT /_sandbox/latency':
        simulator.latency = latencyInput.parse(body).milliseconds;
        return json(204);
      default:
        return json(404, { error: 'no such control' });
    }
  } catch (error) {
    if (error instanceof z.ZodError) {
      return json(400, { error: z.prettifyError(error) });
    }
    return json(error instanceof UnreadableBody ? error.status : 500, { error: 'unreadable' });
  }
}
