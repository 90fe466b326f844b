import type { ErrorReport } from './portico-error.ts';

/**
 * Where an answer's errors are kept beside its data. GraphQL reserves names that begin with two
 * underscores, so no field or alias is called so. An ordinary property, because caches copy data
 * (TanStack's structural sharing, dehydration) and would lose a symbol or a class instance.
 */
const errorsKey = '__errors';

/** The data, with the errors of the parts that are missing; the data itself where nothing is. */
export const withErrors = <Data extends object>(
  data: Data,
  reports: readonly ErrorReport[],
): Data => (reports.length === 0 ? data : { ...data, [errorsKey]: reports });

/**
 * Why parts of the data are null: one vendor that is down costs only its own fields, and the rest
 * arrives. Empty where everything arrived, or where nothing did yet. Of an infinite query each page is asked.
 * @param path only errors at, or below, this place: `errorsOf(data, 'patient', 'latestOrder')`
 */
export function errorsOf(
  data: object | null | undefined,
  ...path: readonly (string | number)[]
): readonly ErrorReport[] {
  const reports = ((data ?? {}) as { [errorsKey]?: readonly ErrorReport[] })[errorsKey] ?? [];
  return reports.filter((report) => path.every((step, index) => report.path?.[index] === step));
}
