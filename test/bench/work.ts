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
