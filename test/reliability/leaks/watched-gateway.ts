import type { TestGateway, Who } from '../../support/gateway.ts';
import { addIssued, addLink, addLinksIn } from './harvest.ts';
import type { Needles } from './needles.ts';

/** What went out besides data, each with where it was. */
export interface Outgoing {
  where: string;
  text: string;
}

export interface Watched {
  gateway: TestGateway;
  /** Errors of all answers. */
  errors: Outgoing[];
  headers: Outgoing[];
  /** Notes what one vendor's simulator issued, then ends its faults and forgets its calls. */
  forgetAt(vendor: keyof TestGateway['sandbox']['simulators']): void;
}

const everybody: readonly Who[] = ['staff', 'admin', 'ana', 'ben', 'stranger'];

/**
 * The address to which a login returns holds the one-time token for whoever began it, and nothing else
 * of the login.
 */
function withoutOwnToken(location: string): string {
  const url = new URL(location);
  url.searchParams.delete('portal_connection');
  return url.href;
}

/** A gateway of which every answer is kept, and every secret that it hands out. */
export async function watch(inner: TestGateway, needles: Needles): Promise<Watched> {
  const errors: Outgoing[] = [];
  const headers: Outgoing[] = [];
  for (const who of everybody) {
    needles.add('issued secret', `token of ${who}`, await inner.token(who));
  }

  function noteHeaders(where: string, sent: Headers) {
    for (const [name, value] of sent) {
      const isReturn = name === 'location' && URL.canParse(value);
      headers.push({ where: `${where}: ${name}`, text: isReturn ? withoutOwnToken(value) : value });
    }
  }

  const gateway: TestGateway = {
    ...inner,
    async query(document, variables, as) {
      const answer = await inner.query(document, variables, as);
      const where = /\w+ *\(?\w*/.exec(document)?.[0] ?? 'query';
      addLinksIn(needles, answer.data);
      noteHeaders(where, answer.headers);
      for (const error of answer.errors) {
        errors.push({ where, text: JSON.stringify(error) });
      }
      return answer;
    },
    async fetch(path, init) {
      const response = await inner.fetch(path, init);
      const where = new URL(path, inner.publicUrl);
      noteHeaders(where.pathname, response.headers);
      addLink(needles, 'callback', where.href);
      addLink(needles, 'return', response.headers.get('location') ?? where.href);
      return response;
    },
    forget() {
      addIssued(needles, inner);
      inner.forget();
    },
  };
  return {
    gateway,
    errors,
    headers,
    forgetAt(vendor) {
      addIssued(needles, inner);
      inner.sandbox.simulators[vendor].clear();
    },
  };
}
