/** Documents that many tests of queries ask with. */

/** One patient by the variable `$id`. */
export const ofPatient = (selection: string) =>
  `query ($id: ID!) { patient(id: $id) { ${selection} } }`;

/** `$search` for `$patientId`. */
export const availabilitiesWith = (selection: string) =>
  `query ($patientId: ID!, $search: AvailabilitySearch!) {
    availabilities(patientId: $patientId, search: $search) { ${selection} }
  }`;

/** Any `Query` field that takes an `id`. */
export const byId = (field: string, selection: string) =>
  `query ($id: ID!) { ${field}(id: $id) { ${selection} } }`;
