/** What oidc-provider keeps about one thing; it reads and writes the fields itself. */
type Payload = Record<string, unknown> & { grantId?: string; uid?: string; consumed?: number };

interface Stored {
  model: string;
  payload: Payload;
  /** Milliseconds since the epoch. */
  expiresAt: number;
}

/** Entries above which the expired ones are swept. */
const sweepAbove = 5_000;

/** Memory of a sandbox's authorization server, in the form oidc-provider asks for, with handles for tests. */
export function createAuthorizationStore() {
  const entries = new Map<string, Stored>();
  const alive = (key: string) => {
    const found = entries.get(key);
    return found && found.expiresAt > Date.now() ? found : undefined;
  };
  const removeWhere = (matches: (stored: Stored) => boolean) => {
    for (const [key, stored] of entries) {
      if (matches(stored)) {
        entries.delete(key);
      }
    }
  };

  const adapter = (model: string) => {
    const key = (id: string) => `${model}:${id}`;
    return {
      upsert: async (id: string, payload: Payload, seconds?: number) => {
        if (entries.size > sweepAbove) {
          removeWhere(({ expiresAt }) => expiresAt <= Date.now());
        }
        const expiresAt = Date.now() + (seconds ?? Number.POSITIVE_INFINITY) * 1000;
        entries.set(key(id), { model, payload, expiresAt });
      },
      find: async (id: string) => alive(key(id))?.payload,
      findByUid: async (uid: string) => {
        const found = [...entries.values()].find(
          (stored) => stored.model === model && stored.payload.uid === uid,
        );
        return found?.payload;
      },
      findByUserCode: async () => undefined,
      consume: async (id: string) => {
        const found = alive(key(id));
        if (found) {
          found.payload.consumed = Math.floor(Date.now() / 1000);
        }
      },
      destroy: async (id: string) => {
        entries.delete(key(id));
      },
      revokeByGrantId: async (grantId: string) => {
        removeWhere((stored) => stored.model === model && stored.payload.grantId === grantId);
      },
    };
  };

  return {
    adapter,
    /** Forgets everything of a kind, e.g. all `AccessToken`s: what holds one holds nothing now. */
    forget: (model: 'AccessToken' | 'RefreshToken' | 'Grant' | 'Session') =>
      removeWhere((stored) => stored.model === model),
    /** What a kind's holders present: the tokens and codes themselves. */
    values: (model: 'AccessToken' | 'RefreshToken' | 'AuthorizationCode'): string[] =>
      [...entries]
        .filter(([, stored]) => stored.model === model)
        .map(([key]) => key.slice(model.length + 1)),
    count: (model: string, matches: (payload: Readonly<Payload>) => boolean = () => true) =>
      [...entries.values()].filter((one) => one.model === model && matches(one.payload)).length,
  };
}
