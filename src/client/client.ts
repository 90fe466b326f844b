/** `portico/client`: typed documents, and what sends them; for any framework, or none. */
export type * from './generated/documents.ts';
export * from './generated/documents.ts';
export { errorsOf } from './partial-data.ts';
export {
  createPorticoClient,
  type PorticoClient,
  type PorticoClientOptions,
  type RequestOptions,
} from './portico-client.ts';
export { type ErrorReport, PorticoError, type PorticoErrorCode } from './portico-error.ts';
