/** What is asked. */

export const w1 = `query Visit($id: ID!) {
  visit(id: $id) {
    id vendor kind status reason start end actualStart actualEnd provider { id firstName lastName }
  }
}`;

export const w2 = `query PatientOverview($id: ID!) {
  patient(id: $id) {
    id
    fullName
    latestOrder { id tenantDomain }
    visits(first: 10) { nodes { id kind status reason start } sources { vendor state } }
    appointments(first: 10) { nodes { id title status start end timeZone } sources { vendor state } }
    portalRequests(first: 10) { nodes { id vendor type title status createdAt } sources { vendor state } }
  }
}`;

/** W3. A list by ids has a hundred entries at most: longer ones are asked for in parts, in one request. */
export function listOf(size: number): string {
  const parts = Array.from({ length: Math.ceil(size / 100) }, (_, index) => index);
  const variables = parts.map((part) => `$ids${part}: [ID!]!`).join(', ');
  const fields = parts
    .map(
      (part) =>
        `part${part}: nodes(ids: $ids${part}) { ... on Patient { id lastName appointments(first: 10) { nodes { id title start } sources { state } } } }`,
    )
    .join('\n  ');
  return `query Patients(${variables}) {\n  ${fields}\n}`;
}

/** Its variables. */
export const partsOf = (ids: readonly string[]) =>
  Object.fromEntries(
    Array.from({ length: Math.ceil(ids.length / 100) }, (_, part) => [
      `ids${part}`,
      ids.slice(part * 100, part * 100 + 100),
    ]),
  );

/** W4 */
export const funnel = `query Funnel($id: ID!) {
  patient(id: $id) {
    insurances {
      id name
      appointmentCategories {
        id name
        appointmentTypes { id name availabilities { id start end } }
      }
    }
  }
}`;
