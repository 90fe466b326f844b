import type { VendorTokens } from '../domain/capabilities/appointments.ts';

/** Tokens as text for sealing; an instant becomes milliseconds since the epoch. */
export const tokensToText = (tokens: VendorTokens) =>
  JSON.stringify({ ...tokens, expiresAt: tokens.expiresAt.getTime() });

/** The reverse of `tokensToText`; sealed text was written by us, so its shape is not checked again. */
export function tokensFromText(text: string): VendorTokens {
  const stored = JSON.parse(text) as Omit<VendorTokens, 'expiresAt'> & { expiresAt: number };
  return Object.assign(stored, { expiresAt: new Date(stored.expiresAt) });
}
