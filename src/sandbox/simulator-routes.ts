import type { SimulatorRoutes } from './simulator.ts';

type Handler = SimulatorRoutes[string];

interface Route {
  method: string;
  segments: readonly string[];
  handler: Handler;
}

export type RouteMatch =
  | { handler: Handler; params: Record<string, string> }
  /** The path exists with other methods. */
  | { allow: readonly string[] }
  | undefined;

const parameter = /^\{([^{}]+)\}$/;
const countParameters = (route: Route) =>
  route.segments.filter((segment) => parameter.test(segment)).length;

function matchSegments(route: Route, segments: readonly string[]) {
  if (route.segments.length !== segments.length) {
    return undefined;
  }
  const params: Record<string, string> = {};
  for (const [index, pattern] of route.segments.entries()) {
    const segment = segments[index] ?? '';
    const name = parameter.exec(pattern)?.[1];
    if (name === undefined) {
      if (pattern !== segment) {
        return undefined;
      }
    } else {
      const value = decode(segment);
      if (value === undefined || value === '') {
        return undefined;
      }
      params[name] = value;
    }
  }
  return params;
}

function decode(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined;
  }
}

/** Finds routes by method and still encoded path; a fixed segment wins over a parameter. */
export function createRouter(routes: SimulatorRoutes) {
  const table = Object.entries(routes)
    .map(([key, handler]): Route => {
      const [method = '', path = ''] = key.split(' ');
      return { method, segments: path.split('/'), handler };
    })
    .sort((one, other) => countParameters(one) - countParameters(other));
  return (method: string, path: string): RouteMatch => {
    const segments = path.split('/');
    const allow: string[] = [];
    for (const route of table) {
      const params = matchSegments(route, segments);
      if (params && route.method === method) {
        return { handler: route.handler, params };
      }
      if (params) {
        allow.push(route.method);
      }
    }
    return allow.length > 0 ? { allow } : undefined;
  };
}
