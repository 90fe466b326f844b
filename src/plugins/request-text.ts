import { isUtf8 } from 'node:buffer';
import type { GraphQLParams } from 'graphql-yoga';
import { refusal } from './refusal.ts';

/** What a GraphQL request may look like on the wire. Nothing here repeats what was sent. */

/** Objects and lists within one another: inputs of ours take five, and recursion over them is bounded. */
const deepestJson = 64;

const badRequest = (message: string) => refusal('BAD_USER_INPUT', 400, message);

const notJson = () => badRequest('The body is not valid JSON in UTF-8.');

/** Refuses what only a recursive reader would be brought down by; `JSON.parse` itself would not be. */
function checkNesting(text: string): void {
  let depth = 0;
  let inString = false;
  for (let index = 0; index < text.length; index += 1) {
    const character = text.charCodeAt(index);
    if (inString) {
      if (character === 0x5c) {
        index += 1;
      } else if (character === 0x22) {
        inString = false;
      }
    } else if (character === 0x22) {
      inString = true;
    } else if (character === 0x7b || character === 0x5b) {
      depth += 1;
      if (depth > deepestJson) {
        throw badRequest(`The JSON is nested too deeply: ${deepestJson} levels are allowed.`);
      }
    } else if (character === 0x7d || character === 0x5d) {
      depth -= 1;
    }
  }
}

/** @throws GraphQLError BAD_USER_INPUT, HTTP 400 */
function parseJson(text: string): unknown {
  checkNesting(text);
  try {
    return JSON.parse(text);
  } catch {
    throw notJson();
  }
}

/** Neither a byte order mark nor a broken sequence is let through. */
export function decodeUtf8(bytes: Buffer): string {
  if (!isUtf8(bytes)) {
    throw notJson();
  }
  // Keeps a mark, which is no JSON.
  return bytes.toString('utf8');
}

export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

type Params = GraphQLParams & { documentId?: string };

/** One operation of a request; the server checks the parameters' own types. */
function paramsOf(value: unknown): GraphQLParams {
  if (!isObject(value)) {
    throw badRequest('A GraphQL request is a JSON object.');
  }
  const { query, operationName, variables, extensions, documentId }: Params = value;
  if (operationName != null && typeof operationName !== 'string') {
    throw badRequest('`operationName` is a text.');
  }
  // Null is absent. Not spread: this is done at every request.
  return {
    query: query ?? undefined,
    operationName: operationName ?? undefined,
    variables: variables ?? undefined,
    extensions: extensions ?? undefined,
    documentId: documentId ?? undefined,
  } as Params;
}

/** @param batch how many operations a body may hold; 1: only one by itself */
export function paramsOfBody(text: string, batch: number): GraphQLParams | GraphQLParams[] {
  const body = parseJson(text);
  if (!Array.isArray(body)) {
    return paramsOf(body);
  }
  if (batch === 1) {
    throw badRequest('Batches are not supported: send one operation at a time.');
  }
  if (body.length === 0 || body.length > batch) {
    throw refusal('QUERY_TOO_COSTLY', 400, `A batch has 1 to ${batch} operations.`);
  }
  return body.map(paramsOf);
}

/** Of a GET request. */
export function paramsOfAddress(search: URLSearchParams): GraphQLParams {
  const json = (name: string) => {
    const text = search.get(name);
    return text ? parseJson(text) : undefined;
  };
  return paramsOf({
    query: search.get('query') || undefined,
    operationName: search.get('operationName') || undefined,
    variables: json('variables'),
    extensions: json('extensions'),
    documentId: search.get('documentId') || undefined,
  });
}
