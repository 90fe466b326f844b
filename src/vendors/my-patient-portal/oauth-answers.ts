/** The members of a JSON object; undefined for any other text. */
function membersOf(text: string): Record<string, unknown> | undefined {
  try {
    const json: unknown = JSON.parse(text);
    return typeof json === 'object' && json !== null && !Array.isArray(json)
      ? (json as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

/** Members of a token answer that cannot be empty. An empty `scope` can: nothing was granted. */
const neverEmpty = ['refresh_token', 'id_token'];

const isAbsent = (name: string, value: unknown) =>
  value === null || (value === '' && neverEmpty.includes(name));

/**
 * An answer of the authorization server as RFC 6749 words it, for a library that takes it at its word.
 * JSON is known by its content: the vendor is known to label it as text (section 1). An `error` is one
 * whatever its status, as some servers send it with 200, and it is told by the body, though Doorkeeper
 * (2.5) repeats it in `WWW-Authenticate`: else a refresh token that is dead would never be given up. What
 * is null is absent: a pair that was rotated already must not be lost over it.
 */
export async function asSpecified(response: Response): Promise<Response> {
  if (response.body === null) {
    return response;
  }
  const text = await response.text();
  const { status } = response;
  const headers = new Headers(response.headers);
  const members = membersOf(text);
  if (members === undefined) {
    return new Response(text, { status, headers });
  }
  headers.set('content-type', 'application/json');
  const isError = typeof members.error === 'string';
  if (isError) {
    headers.delete('www-authenticate');
  }
  const present = Object.entries(members).filter(([name, value]) => !isAbsent(name, value));
  return new Response(JSON.stringify(Object.fromEntries(present)), {
    status: isError && response.ok ? 400 : status,
    headers,
  });
}
