import type { ErrorReport, PorticoErrorCode } from './portico-error.ts';

/** What a gateway said, or what stands in its place. */
export interface Answer {
  /** HTTP status; undefined where nothing came. */
  status: number | undefined;
  data: Readonly<Record<string, unknown>> | null | undefined;
  reports: readonly ErrorReport[];
  /** What was thrown on the way. */
  cause?: unknown;
}

type Json = Readonly<Record<string, unknown>>;

const textIn = (value: unknown) => (typeof value === 'string' ? value : undefined);

/** RFC 3339; undefined of what is no time, or none that a `Date` can have. */
function timeOf(value: string | number): string | undefined {
  const date = new Date(value);
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString();
}

/** `Retry-After` in seconds or as a date; undefined where there is none that can be read. */
function retryAtOf(headers: Headers): string | undefined {
  const header = headers.get('retry-after') ?? '';
  return timeOf(/^\d+$/.test(header) ? Date.now() + Number(header) * 1000 : header);
}

/** What a status says where the gateway itself says nothing: a proxy in front of it does. */
const codes: Readonly<Record<number, PorticoErrorCode>> = {
  401: 'UNAUTHENTICATED',
  403: 'FORBIDDEN',
  413: 'QUERY_TOO_COSTLY',
  429: 'RATE_LIMITED',
};

export const lost = (cause: unknown): Answer => ({
  status: undefined,
  data: undefined,
  reports: [{ message: 'The gateway could not be reached.', code: 'NETWORK_ERROR' }],
  cause,
});

/** Reads an answer. @throws where its body cannot be read to the end */
export async function answerOf(response: Response): Promise<Answer> {
  const { status, headers } = response;
  const text = await response.text();
  const retryAt = retryAtOf(headers);
  const requestId = headers.get('x-request-id') ?? undefined;

  const reportOf = ({ message, extensions, path }: Json): ErrorReport => {
    const said = (extensions ?? {}) as Json;
    const until = timeOf(textIn(said.retryAt) ?? '') ?? retryAt;
    const id = textIn(said.requestId) ?? requestId;
    return {
      message: textIn(message) ?? 'The gateway gave no reason.',
      code: (textIn(said.code) ?? codes[status] ?? 'BAD_RESPONSE') as PorticoErrorCode,
      ...(textIn(said.vendor) !== undefined && {
        vendor: said.vendor as ErrorReport['vendor'] & {},
      }),
      ...(until !== undefined && { retryAt: until }),
      ...(id !== undefined && { requestId: id }),
      ...(Array.isArray(path) && { path: path as (string | number)[] }),
    };
  };

  try {
    const { data, errors } = JSON.parse(text) as {
      data?: Answer['data'];
      errors?: readonly Json[];
    };
    if (data != null || (errors?.length ?? 0) > 0) {
      return { status, data, reports: (errors ?? []).map(reportOf) };
    }
  } catch {
    // A proxy's page, for example.
  }
  // Somebody is there, but not who was meant.
  const advice = status === 200 || status === 404 ? ': is the endpoint its /graphql?' : '.';
  const message = `The answer is none of a gateway's (HTTP ${status})${advice}`;
  return { status, data: undefined, reports: [reportOf({ message })] };
}
