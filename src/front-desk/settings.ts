/** What a clinic would set for its own front desk. */
export const settings = {
  /** VSee: where walk-ins are seen; its zone is the clinic's. */
  roomCode: 'clinic',
  /** Milliseconds for which an answer is shown without being asked for again. */
  freshFor: 30_000,
} as const;
