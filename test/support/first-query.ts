/** What One patient, all five vendors: the dearest thing that an ordinary page asks for. */
export const firstQuery = `query PatientOverview {
  patients(search: "Ana Silva", first: 1) {
    nodes {
      fullName
      birthDate
      portalAccess { vendor status expiresAt }
      latestOrder { id tenantDomain }
      visits { nodes { kind status reason } sources { vendor state } }
      appointments { nodes { title start status } sources { vendor state } }
      portalRequests { nodes { vendor type title contentText } sources { vendor state } }
      insurances { id name type }
    }
  }
}
`;
