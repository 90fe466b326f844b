/** What a caller may be; ADMIN includes STAFF, and STAFF reaches every patient. */
export const roles = ['PATIENT', 'STAFF', 'ADMIN'] as const;
export type Role = (typeof roles)[number];
