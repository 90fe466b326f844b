import { z } from 'zod';

/**
 * Resource paths below the resource prefix, by action. The vendor's public text lost them: all are
 * [assumed] (section 3 of the contract) and stand here only; a portal's own `/api-docs` is the authority.
 */
const documentedRoutes = {
  profile: 'profile',
  insurances: 'insurances',
  appointment_categories: 'appointment_categories',
  appointment_types: 'appointment_types',
  availabilities: 'availabilities',
  booking: 'booking',
  appointments: 'appointments',
  appointment: 'appointments/{id}',
  reschedule_availabilities: 'appointments/{id}/availabilities',
  reschedule: 'appointments/{id}/reschedule',
  cancel: 'appointments/{id}/cancel',
  asap_list: 'appointments/{id}/asap_list',
  earlier_availability: 'appointments/{id}/earlier_availability',
  video_consultation: 'appointments/{id}/video_consultation',
} as const;

export type RouteName = keyof typeof documentedRoutes;
export type Routes = Readonly<Record<RouteName, string>>;

const names = Object.keys(documentedRoutes) as RouteName[];
const segments = /^(?:[A-Za-z0-9_.~-]+|\{id\})(?:\/(?:[A-Za-z0-9_.~-]+|\{id\}))*$/;

/** Why a path cannot stand for a route; undefined where it can. */
function fault(name: RouteName, path: string): string | undefined {
  const holders = (text: string) => text.split('{id}').length - 1;
  if (!segments.test(path) || path.split('/').some((segment) => /^\.+$/.test(segment))) {
    return `${name}: must be a relative path of plain segments`;
  }
  return holders(path) === holders(documentedRoutes[name])
    ? undefined
    : `${name}: must hold {id} as often as ${documentedRoutes[name]}`;
}

const overrides = z.record(z.string(), z.string());

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The route table of a deployment from a JSON object of overrides, e.g. `{"cancel":"appointments/{id}/storno"}`. */
export const routeTable = z
  .string()
  .default('{}')
  .transform((text, context): Routes => {
    const given = overrides.safeParse(parse(text));
    if (!given.success) {
      context.addIssue({
        code: 'custom',
        message: 'must be a JSON object of route names to paths',
      });
      return z.NEVER;
    }
    const table: Record<string, string> = { ...documentedRoutes };
    for (const [name, raw] of Object.entries(given.data)) {
      const known = names.find((route) => route === name);
      const path = raw.replace(/^\//, '');
      const message = known
        ? fault(known, path)
        : `knows no route "${name.slice(0, 40)}"; the routes are ${names.join(', ')}`;
      if (message !== undefined) {
        context.addIssue({ code: 'custom', message });
      }
      table[name] = path;
    }
    return table as Routes;
  });
