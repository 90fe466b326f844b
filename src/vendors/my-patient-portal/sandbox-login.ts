/** Steps after which a sign-in is taken to go round in circles. */
const mostSteps = 20;

interface Cookie {
  name: string;
  value: string;
  path: string;
}

/** The cookies of one browser at one server. */
class CookieJar {
  #cookies: Cookie[] = [];

  store(response: Response) {
    for (const line of response.headers.getSetCookie()) {
      const [pair = '', ...attributes] = line.split(/;\s*/);
      const [name = '', value = ''] = pair.split(/=(.*)/s);
      const attribute = (wanted: string) =>
        attributes
          .find((one) => one.toLowerCase().startsWith(`${wanted}=`))
          ?.slice(wanted.length + 1);
      const path = attribute('path') ?? '/';
      const expires = attribute('expires');
      this.#cookies = this.#cookies.filter((one) => one.name !== name || one.path !== path);
      if (expires === undefined || Date.parse(expires) > Date.now()) {
        this.#cookies.push({ name, value, path });
      }
    }
  }

  header(url: URL) {
    return this.#cookies
      .filter(({ path }) => url.pathname.startsWith(path))
      .map(({ name, value }) => `${name}=${value}`)
      .join('; ');
  }
}

/** The form of a page: where it goes. */
const formAction = (html: string) =>
  /<form method="post" action="([^"]+)"/.exec(html)?.[1]?.replaceAll('&amp;', '&');

/**
 * Signs a sandbox person in as a browser would: follows the authorization URL through the real
 * login and consent pages and returns the address that the browser is sent back to, without going there.
 * @throws Error where the sign-in does not come to an end, for example after a wrong password
 */
export async function signInAsPatient(
  authorizationUrl: string,
  person: { username: string; password: string },
  options: { approve?: boolean } = {},
): Promise<string> {
  const answer = (options.approve ?? true) ? 'approve' : 'refuse';
  const jar = new CookieJar();
  const { origin } = new URL(authorizationUrl);
  let url = new URL(authorizationUrl);
  let form: Record<string, string> | undefined;

  for (let step = 0; step < mostSteps; step += 1) {
    const response = await fetch(url, {
      method: form ? 'POST' : 'GET',
      headers: { cookie: jar.header(url), accept: 'text/html' },
      redirect: 'manual',
      ...(form && { body: new URLSearchParams(form) }),
    });
    jar.store(response);
    const location = response.headers.get('location');
    const page = await response.text();
    if (location !== null) {
      url = new URL(location, url);
      form = undefined;
      if (url.origin !== origin) {
        return url.href;
      }
      continue;
    }
    const action = formAction(page);
    if (response.status !== 200 || action === undefined) {
      throw new Error(`The sign-in ended with status ${response.status}.`);
    }
    url = new URL(action, url);
    form = page.includes('name="password"')
      ? { username: person.username, password: person.password, answer: 'approve' }
      : { answer };
  }
  throw new Error('The sign-in did not come to an end.');
}
