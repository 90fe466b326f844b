export interface Asked {
  /** The gateway's own fetch. */
  fetch: (request: Request) => Promise<Response> | Response;
  publicUrl: URL;
  /** A token of STAFF. */
  token: string;
}

export type Json = { [key: string]: Json } & Json[] & string;

/** Asks the gateway as anybody would. @returns `data`; throws where anything was refused */
export type Ask = (query: string, variables?: Record<string, unknown>) => Promise<Json>;

export const createAsk =
  ({ fetch, publicUrl, token }: Asked): Ask =>
  async (query, variables = {}) => {
    const answer = await fetch(
      new Request(new URL('graphql', publicUrl), {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
        body: JSON.stringify({ query, variables }),
      }),
    );
    const { data, errors } = (await answer.json()) as { data: Json; errors?: unknown };
    const refused = Object.values(data ?? {}).flatMap((payload) => payload?.userErrors ?? []);
    if (errors !== undefined || refused.length > 0) {
      throw new Error(`The sandbox was refused something: ${JSON.stringify(errors ?? refused)}`);
    }
    return data;
  };
