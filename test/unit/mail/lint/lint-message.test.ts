import { describe, expect, it } from 'vitest';
import { type LintContext, lintMessage, makeMessageReader, parseHead } from '#mail';

const GOOD_HEAD = [
  'From: Shop <news@shop.example>',
  'To: alice@example.org',
  'Subject: Your order',
  'MIME-Version: 1.0',
  'Content-Type: multipart/alternative; boundary=b',
];
const GOOD_BODY = ['--b', '', 'Hello', '--b', 'Content-Type: text/html', '', '<p>Hello</p>', '--b--', ''];

async function rulesOf(head: readonly string[], body: readonly string[], context: Partial<LintContext> = {}): Promise<string[]> {
  const reader = makeMessageReader({ maxSize: 30_000_000 });
  const chunks = reader.push(Buffer.from([...head, '', ...body].join('\r\n')));
  const { head: bytes, lastBody } = reader.end();
  const warnings = await lintMessage(parseHead(bytes), [...chunks, ...lastBody], {
    signingDomains: ['shop.example'],
    isBulk: false,
    ...context,
  });
  for (const { message } of warnings) expect(message).toMatch(/^\S.*\S$/);
  return warnings.map(({ rule }) => rule);
}

const htmlOnly = (html: string) => rulesOf([...GOOD_HEAD.slice(0, 4), 'Content-Type: text/html'], [html]);
const htmlBeside = (html: string) => rulesOf(GOOD_HEAD, ['--b', '', 'Hello', '--b', 'Content-Type: text/html', '', html, '--b--', '']);

describe('lintMessage', () => {
  it('says nothing against a good message', async () => {
    expect(await rulesOf(GOOD_HEAD, GOOD_BODY)).toEqual([]);
  });

  it.each([
    ['subject-missing', GOOD_HEAD.filter((line) => !line.startsWith('Subject'))],
    ['subject-missing', GOOD_HEAD.map((line) => (line.startsWith('Subject') ? 'Subject:  ' : line))],
    ['field-repeated', [...GOOD_HEAD, 'Subject: again']],
    ['author-missing', GOOD_HEAD.slice(1)],
    ['author-missing', GOOD_HEAD.map((line) => (line.startsWith('From') ? 'From: Shop <>' : line))],
    ['several-authors', GOOD_HEAD.map((line) => (line.startsWith('From') ? 'From: a@shop.example, b@shop.example' : line))],
  ])('%s', async (rule, head) => {
    expect(await rulesOf(head, GOOD_BODY)).toEqual([rule]);
  });

  describe('whose mail it is', () => {
    const from = (address: string, signingDomains?: string[]) =>
      rulesOf(
        GOOD_HEAD.map((line) => (line.startsWith('From') ? `From: ${address}` : line)),
        GOOD_BODY,
        { signingDomains },
      );

    it.each([
      ['news@shop.example', ['mail.shop.example'], []],
      ['news@mail.shop.example', ['shop.example'], []],
      ['news@shop.example', ['other.example', 'shop.example'], []],
      ['news@shop.example', undefined, []],
      ['news@shop.example', ['workshop.example'], ['from-not-aligned']],
      ['news@shop.example', [], ['not-signed']],
      ['me@gmail.com', ['shop.example'], ['from-free-mail', 'from-not-aligned']],
      ['me@yahoo.co.uk', undefined, ['from-free-mail']],
      ['me@gmail.com.shop.example', ['shop.example'], []],
    ])('%s signed by %j', async (address, signingDomains, rules) => {
      expect(await from(address, signingDomains)).toEqual(rules);
    });
  });

  describe('HTML', () => {
    it.each([
      ['<p>only</p>', ['text-part-missing']],
      ['<img src="https://x.example/a.png">', ['text-part-missing', 'image-without-alt']],
    ])('%s alone', async (html, rules) => {
      expect(await htmlOnly(html)).toEqual(rules);
    });

    it.each([
      ['<img src="https://x.example/a.png" alt="">', []],
      ['<img src="https://x.example/t.png" width="1" height=1>', []],
      [`<a href="https://x.example/${'a'.repeat(2000)}">x</a>`, ['link-too-long', 'line-too-long']],
      ['<a href="http://x.example/">x</a>', ['link-not-secure']],
      ['<a href="https://x.example/track?u=1">www.x.example</a>', []],
      ['<a href="https://links.x.example/">https://x.example/offer</a>', []],
      ['<a href="https://evil.example/">https://bank.example/login</a>', ['link-misleading']],
      ['<a href="%recipient.leave%">leave</a>', []],
      ['<a href="%unsubscribe_url%">leave</a>', ['placeholder-without-effect']],
      ['<a href="mailto:a@b.example">b.example</a>', []],
      ['<a>no link.example</a>', []],
      [`<p>${'<b>x</b>\r\n'.repeat(11_000)}</p>`, ['html-clipped']],
    ])('%.60s', async (html, rules) => {
      expect(await htmlBeside(html)).toEqual(rules);
    });

    it('is read through its transfer encoding', async () => {
      const html = Buffer.from('<img src="a.png">').toString('base64');
      expect(
        await rulesOf(GOOD_HEAD, [
          '--b',
          '',
          'Hello',
          '--b',
          'Content-Type: text/html',
          'Content-Transfer-Encoding: base64',
          '',
          html,
          '--b--',
          '',
        ]),
      ).toEqual(['image-without-alt']);
    });

    it('of an attachment is nobody’s business', async () => {
      const head = [...GOOD_HEAD.slice(0, 4), 'Content-Type: multipart/mixed; boundary=b'];
      const attached = ['Content-Type: text/html', 'Content-Disposition: attachment; filename=a.html', '', '<img src=a>'];
      expect(await rulesOf(head, ['--b', '', 'Hello', '--b', ...attached, '--b--', ''])).toEqual([]);
    });
  });

  it('does not miss an author whom the variables of a batch bring', async () => {
    const head = GOOD_HEAD.map((line) => (line.startsWith('From') ? 'From: %recipient.from%' : line));
    expect(await rulesOf(head, GOOD_BODY)).toEqual([]);
  });

  it('measures the links of plain texts, too, when their encoding has broken them', async () => {
    const plain = [...GOOD_HEAD.slice(0, 4), 'Content-Type: text/plain', 'Content-Transfer-Encoding: quoted-printable'];
    const link = (length: number) => `See https://x.example/${'a'.repeat(length - 18)} now`.match(/.{1,70}/g)?.join('=\r\n') ?? '';
    expect(await rulesOf(plain, [link(2000)])).toEqual([]);
    expect(await rulesOf(plain, [link(2001)])).toEqual(['link-too-long']);
  });

  it('counts lines without their ends', async () => {
    const plain = [...GOOD_HEAD.slice(0, 4), 'Content-Type: text/plain'];
    expect(await rulesOf(plain, ['x'.repeat(998), 'y'])).toEqual([]);
    expect(await rulesOf(plain, ['x'.repeat(999), 'y'])).toEqual(['line-too-long']);
  });

  it('says where it stopped', async () => {
    const deep = `${'<b>\r\n'.repeat(600)}<img src="x">${'</b>\r\n'.repeat(600)}`;
    expect(await htmlBeside(deep)).toEqual(['html-too-complex']);
    expect(await htmlBeside(deep.replaceAll('<b>', '').replaceAll('</b>', ''))).toEqual(['image-without-alt']);
  });

  it('measures the whole message', async () => {
    const line = `${'x'.repeat(98)}\r\n`;
    expect(await rulesOf([...GOOD_HEAD.slice(0, 4), 'Content-Type: text/plain'], [line.repeat(110_000)])).toEqual(['message-large']);
  });

  describe('bulk', () => {
    const ONE_CLICK = [
      'List-Unsubscribe: <mailto:u@shop.example>, <https://shop.example/u>',
      'List-Unsubscribe-Post: List-Unsubscribe=One-Click',
    ];
    it.each([
      ['none', [], ['list-unsubscribe-missing']],
      ['mail only', ['List-Unsubscribe: <mailto:u@shop.example>'], ['one-click-missing']],
      ['no one-click', ONE_CLICK.slice(0, 1), ['one-click-missing']],
      ['http', [ONE_CLICK[0]?.replace('https', 'http') ?? '', ONE_CLICK[1] ?? ''], ['one-click-missing']],
      ['one-click', ONE_CLICK, []],
    ])('%s', async (_, fields, rules) => {
      expect(await rulesOf([...GOOD_HEAD, ...fields], GOOD_BODY, { isBulk: true })).toEqual(rules);
      expect(await rulesOf([...GOOD_HEAD, ...fields, 'Precedence: bulk'], GOOD_BODY)).toEqual(rules);
      expect(await rulesOf([...GOOD_HEAD, ...fields], GOOD_BODY)).toEqual([]);
    });
  });

  it('takes anything', async () => {
    expect(await rulesOf([], [])).toEqual(['subject-missing', 'author-missing']);
    expect(await rulesOf(['Content-Type: multipart/mixed; boundary=b', 'From: <<>>'], ['--b', '--b', '\u0001<a href'])).toContain(
      'subject-missing',
    );
  });
});
