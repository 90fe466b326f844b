import type { NimbusState } from './sandbox-state.ts';

/** The tenant's portal page as a browser sees it: HTML, and never JSON. */
const page = (status: number, title: string, content: string) => ({
  status,
  headers: {
    'content-type': 'text/html; charset=utf-8',
    'cache-control': 'no-store',
    'referrer-policy': 'no-referrer',
  },
  body: `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${title}</title></head><body><h1>${title}</h1>${content}</body></html>`,
});

const refused = () =>
  page(
    403,
    'This link does not work any more',
    '<p>It was used, has expired or was revoked. Ask your clinic for a new one.</p>',
  );

const escapeHtml = (text: string) =>
  text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);

/** `GET /telemed/visit?token=`: any look at it burns the token. */
export function openVisit(state: NimbusState, token: string | null) {
  const opened = state.openPortal(token ?? '');
  if (!opened) {
    return refused();
  }
  return page(
    200,
    'Sandbox questionnaire',
    `<p>Welcome, ${escapeHtml(opened.user.person.first_name)}.</p>
<form method="post" action="/telemed/visit"><input type="hidden" name="session" value="${opened.session}">
<label>Why do you want to be treated? <input name="reason" required></label> <button>Send</button></form>`,
  );
}

/** `POST /telemed/visit`: the finished questionnaire becomes an order. */
export function postQuestionnaire(state: NimbusState, body: unknown) {
  const session = typeof body === 'object' && body !== null && 'session' in body && body.session;
  const order = state.placeOrder(String(session));
  return order === undefined
    ? refused()
    : page(200, 'Thank you', `<p>Your order is number <b>${order}</b>.</p>`);
}
