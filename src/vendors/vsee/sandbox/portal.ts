import { rooms } from '../fixtures.ts';
import { userOf } from './callers.ts';
import { type Asked, page, type Told, type VSeeRoutes } from './exchange.ts';
import type { SandboxUser, SandboxVisit, VSeeState } from './state.ts';

/** Where the browser's pages live; the API has a host of its own at the real vendor. */
export const portalPath = '/vc/stable/';

const cookieName = 'vsee_sandbox';

const refusedPage = () =>
  page(401, 'Please sign in', 'This link has expired or was used. Ask the clinic for a new one.');
const unknownPage = () => page(404, 'Not found', 'There is no such page.');

const escaped = (text: string) =>
  text.replace(/[<>&"']/g, (character) => `&#${character.charCodeAt(0)};`);

function signedIn(state: VSeeState, asked: Asked): SandboxUser | undefined {
  const found = new RegExp(`(?:^|; )${cookieName}=([0-9a-f]+)`).exec(asked.headers.cookie ?? '');
  return userOf(state, found?.[1]);
}

/** A valid token logs the browser in and is not used up by it. `next` is a path inside the portal. */
function enter(state: VSeeState, asked: Asked): Told {
  const token = asked.query.get('sso_token') ?? '';
  const next = asked.query.get('next') ?? '/u/clinic';
  if (!userOf(state, token)) {
    return refusedPage();
  }
  if (!/^\/[A-Za-z0-9]/.test(next)) {
    return page(400, 'Bad link', 'This link leads nowhere.');
  }
  const bare = asked.query.get('disable_navigation') === '1' ? '?disable_navigation=1' : '';
  return {
    status: 302,
    headers: {
      location: `${portalPath}${next.slice(1)}${bare}`,
      'set-cookie': `${cookieName}=${token}; Path=${portalPath}; HttpOnly; SameSite=Lax`,
      'referrer-policy': 'no-referrer',
      'cache-control': 'no-store',
    },
    body: '',
  };
}

const ownVisit = (state: VSeeState, asked: Asked): SandboxVisit | undefined => {
  const visit = state.visits.get(asked.params.id ?? '');
  return visit && signedIn(state, asked)?.id === visit.memberId ? visit : undefined;
};

function appointment(state: VSeeState, asked: Asked): Told {
  const visit = state.visits.get(asked.params.id ?? '');
  const token = asked.query.get('token');
  const byLink =
    visit !== undefined &&
    token !== null &&
    token === visit.oneTimeToken &&
    !visit.oneTimeTokenUsed;
  if (byLink) {
    visit.oneTimeTokenUsed = true;
  }
  return byLink || ownVisit(state, asked)
    ? page(200, 'Your appointment', `Visit ${visit?.id} at ${escaped(visit?.room.name ?? '')}.`)
    : refusedPage();
}

export const portalRoutes = (state: VSeeState): VSeeRoutes => ({
  'GET /auth': (asked) => enter(state, asked),
  'GET /u/{slug}': (asked) => {
    const room = rooms.find(({ slug }) => slug === asked.params.slug);
    const user = signedIn(state, asked);
    const greeting = user ? `Welcome, ${escaped(user.firstName)}.` : 'Please sign in to enter.';
    return room ? page(200, room.name, greeting) : unknownPage();
  },
  'GET /visits/start/{id}': (asked) => {
    const visit = ownVisit(state, asked);
    return visit
      ? page(200, 'Waiting room', `Visit ${visit.id}: a provider will be with you soon.`)
      : refusedPage();
  },
  'GET /members/appointment/{id}': (asked) => appointment(state, asked),
  'GET /visits/join/{code}': (asked) =>
    [...state.visits.values()].some(({ code }) => code === asked.params.code)
      ? page(200, 'Join as a guest', 'You were invited to a visit.')
      : unknownPage(),
});
