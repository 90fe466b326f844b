import sanitizeHtml from 'sanitize-html';

/** Characters of a link. Those of none that anybody means; checking one takes the square of them. */
const longestLink = 2048;

/** Vendors' texts come from editors and patients: only plain formatting is let through. */
const formatting: sanitizeHtml.IOptions = {
  allowedTags: [
    ...[
      'p',
      'br',
      'b',
      'strong',
      'i',
      'em',
      'u',
      's',
      'ul',
      'ol',
      'li',
      'h1',
      'h2',
      'h3',
      'h4',
      'h5',
      'h6',
    ],
    ...[
      'blockquote',
      'pre',
      'code',
      'hr',
      'table',
      'thead',
      'tbody',
      'tr',
      'th',
      'td',
      'dl',
      'dt',
      'dd',
      'a',
      'div',
      'span',
    ],
  ],
  allowedAttributes: { a: ['href', 'rel'], th: ['colspan', 'rowspan'], td: ['colspan', 'rowspan'] },
  allowedSchemes: ['https', 'mailto', 'tel'],
  allowProtocolRelative: false,
  transformTags: {
    a: (tagName, { href }) => ({
      tagName,
      attribs: {
        ...(href !== undefined && href.length <= longestLink && { href }),
        rel: 'noopener noreferrer nofollow',
      },
    }),
  },
};

const entities: Readonly<Record<string, string>> = {
  '&amp;': '&',
  '&lt;': '<',
  '&gt;': '>',
  '&quot;': '"',
  '&#39;': "'",
};
const escapes = Object.fromEntries(
  Object.entries(entities).map(([entity, sign]) => [sign, entity]),
);

/**
 * Tags of one text. No form has more, and with tags that are left open the sanitizer's time grows with their
 * square: 200 KB of them, which a patient may have typed, would hold everybody up for half a minute.
 */
const mostTags = 10_000;
/** So many take a few milliseconds; texts with more are read one by one. */
const fewTags = 500;

function tagsIn(html: string): number {
  let tags = 0;
  for (let at = html.indexOf('<'); at >= 0 && tags <= mostTags; at = html.indexOf('<', at + 1)) {
    tags += 1;
  }
  return tags;
}

let turns = Promise.resolve();
/** Whoever else asks has their turn of the event loop between two such texts. */
function inTurn(read: () => string): Promise<string> {
  const text = turns.then(() => new Promise(setImmediate)).then(read);
  turns = text.then(
    () => undefined,
    () => undefined,
  );
  return text;
}

/** Reads some HTML; as it was written where it has more tags than anybody means. */
function read(
  html: string | null,
  asMeant: (html: string) => string,
  asWritten: (html: string) => string,
): string | null | Promise<string> {
  if (html === null) {
    return null;
  }
  const tags = tagsIn(html);
  if (tags > mostTags) {
    return asWritten(html);
  }
  return tags > fewTags ? inTurn(() => asMeant(html)) : asMeant(html);
}

/** HTML that may be put into a page; null stays null. */
export const safeHtml = (html: string | null) =>
  read(
    html,
    (meant) => sanitizeHtml(meant, formatting).trim(),
    (written) => written.replace(/[&<>"']/g, (sign) => escapes[sign] ?? ''),
  );

/** The text of some HTML, paragraphs and list items as lines. */
export const plainText = (html: string | null) => read(html, textOf, (written) => written);

function textOf(html: string): string {
  const lines = html.replace(/<(?:br\s*\/?|\/(?:p|div|li|h[1-6]|tr|blockquote|pre))>/gi, '$&\n');
  return (
    sanitizeHtml(lines, { allowedTags: [], allowedAttributes: {} })
      // The sanitizer has resolved all entities but those that it writes itself.
      .replace(/&(?:amp|lt|gt|quot|#39);/g, (entity) => entities[entity] ?? entity)
      .replace(/\u00a0/g, ' ')
      .replace(/[ \t]+/g, ' ')
      .replace(/ *\n */g, '\n')
      .replace(/\n{3,}/g, '\n\n')
      .trim()
  );
}
