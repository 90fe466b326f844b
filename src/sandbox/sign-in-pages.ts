/** Plain pages of a sandbox's sign-in: labelled, without scripts and without anything from elsewhere. */

const escapes: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
const escaped = (text: string) => text.replace(/[&<>"']/g, (sign) => escapes[sign] ?? '');

const style = `body{font:16px/1.5 system-ui,sans-serif;max-width:26rem;margin:3rem auto;padding:0 1rem}
label{display:block;margin:.8rem 0 .2rem}input{font:inherit;width:100%;padding:.4rem;box-sizing:border-box}
button{font:inherit;margin:1rem .5rem 0 0;padding:.4rem 1rem}.error{color:#a00}.note{color:#555;font-size:.9rem}`;

const page = (title: string, content: string) => `<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(title)}</title><style>${style}</style></head>
<body><main><h1>${escaped(title)}</h1>
${content}
</main></body>
</html>
`;

/** Asks for user name and password. `hint`: what sandbox people may sign in as. */
export const loginPage = (options: {
  title: string;
  action: string;
  hint: string;
  failed: boolean;
}) =>
  page(
    options.title,
    `${options.failed ? '<p class="error" role="alert">This user name and password do not match.</p>' : ''}
<form method="post" action="${escaped(options.action)}">
<label for="username">User name</label><input id="username" name="username" autocomplete="username" autofocus required>
<label for="password">Password</label><input id="password" name="password" type="password" autocomplete="current-password" required>
<button type="submit" name="answer" value="approve">Sign in</button>
<button type="submit" name="answer" value="refuse" formnovalidate>Cancel</button>
</form>
<p class="note">${escaped(options.hint)}</p>`,
  );

/** Shows what is asked for and lets the person approve or refuse. */
export const consentPage = (options: {
  title: string;
  action: string;
  client: string;
  wishes: readonly string[];
}) =>
  page(
    options.title,
    `<p><strong>${escaped(options.client)}</strong> asks for your permission to:</p>
<ul>${options.wishes.map((wish) => `<li>${escaped(wish)}</li>`).join('')}</ul>
<form method="post" action="${escaped(options.action)}">
<button type="submit" name="answer" value="approve">Allow</button>
<button type="submit" name="answer" value="refuse">Refuse</button>
</form>`,
  );

/** A bad client or redirect address ends here: nobody is sent anywhere. */
export const errorPage = (title: string, code: string) =>
  page(
    title,
    `<p class="error" role="alert">The request could not be accepted: ${escaped(code)}.</p>`,
  );
