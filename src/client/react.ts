/** `portico/client/react`: a hook of each operation, on TanStack Query. */
export * from './generated/hooks.ts';
export * from './hooks.ts';
export { defaultOptions } from './retries.ts';
