/** What a clinic would set for its own front desk. */
export const settings = {
  /** VSee: where walk-ins are seen; its zone is the clinic's. */
  roomCode: 'clinic',
  /** Milliseconds for which an answer is shown without being asked for again. */
  freshFor: 30_000,
} as const;

/** For a query whose answer somebody is choosing from: it is not asked for again under their hands. */
export const askedOnce = { refetchOnWindowFocus: false, refetchOnReconnect: false } as const;
