import { GraphQLError } from 'graphql';
import type { ErrorCode } from '../domain/errors.ts';

/** A refusal by the server's edge, with its HTTP status for every client. The message is for people. */
export const refusal = (
  code: ErrorCode,
  status: number,
  message: string,
  headers: Readonly<Record<string, string>> = {},
) => new GraphQLError(message, { extensions: { code, http: { status, headers } } });

/** A document that is refused before it is executed. */
export const tooCostly = (message: string) => refusal('QUERY_TOO_COSTLY', 400, message);
