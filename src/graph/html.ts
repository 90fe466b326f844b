import sanitizeHtml from 'sanitize-html';

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
  transformTags: { a: sanitizeHtml.simpleTransform('a', { rel: 'noopener noreferrer nofollow' }) },
};

const entities: Readonly<Record<string, string>> = {
  '&amp;': '&',
  '&lt;': '<',
  '&gt;': '>',
  '&quot;': '"',
  '&#39;': "'",
};

/** HTML that may be put into a page; null stays null. */
export const safeHtml = (html: string | null) =>
  html === null ? null : sanitizeHtml(html, formatting).trim();

/** The text of some HTML, paragraphs and list items as lines. */
export function plainText(html: string | null): string | null {
  if (html === null) {
    return null;
  }
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
