import { describe, expect, it } from 'vitest';
import { stripQuotedHtml, stripQuotes } from '#mail';

describe('stripQuotes', () => {
  it.each(['', 'Hello', 'Hello\r\n\r\nOn Monday we met.\r\n', 'a - b\n-- not a mark\n', 'From: here\nto there\n'])(
    'leaves %j as it is',
    (text) => expect(stripQuotes(text)).toEqual({ text, signature: '' }),
  );

  it.each([
    ['quoted lines', 'Yes.\r\n\r\n> Really?\r\n>> Sure?\r\n', 'Yes.'],
    ['answers between quoted lines', '> One?\nYes.\n> Two?\nNo.\n', 'Yes.\nNo.'],
    ['an introduction', 'Yes.\n\nOn Wed, Mar 4, 2026 at 10:15 AM Bob <bob@example.com> wrote:\n\n> Really?\n', 'Yes.'],
    ['an introduction over three lines', 'Yes.\n\nOn Wed, Mar 4, 2026\nat 10:15 AM Bob\n<bob@example.com> wrote:\n\nReally?\n', 'Yes.'],
    ['an introduction in German', 'Ja.\n\nAm 04.03.2026 um 10:15 schrieb Bob:\n> Wirklich?\n', 'Ja.'],
    ['an introduction in French', 'Oui.\n\nLe 4 mars 2026 à 10:15, Bob <b@example.com> a écrit :\n> Vraiment ?\n', 'Oui.'],
    ['a separator', 'Yes.\n-----Original Message-----\nFrom: Bob\nReally?\n', 'Yes.'],
    ['a forwarded message', 'See below.\n---------- Forwarded message ---------\nReally?\n', 'See below.'],
    ['header lines', 'Yes.\r\n\r\nFrom: Bob\r\nSent: Wednesday\r\nTo: Alice\r\nSubject: Really?\r\n\r\nReally?', 'Yes.'],
    ['header lines under a rule', 'Yes.\n________________________________\nVon: Bob\nGesendet: Mittwoch\nAn: Alice\n\nReally?', 'Yes.'],
    ['nothing but quotation', '> Really?\n', ''],
  ])('takes %s away', (_name, text, stripped) => expect(stripQuotes(text)).toEqual({ text: stripped, signature: '' }));

  it.each([
    ['two dashes', 'Hello\n\n-- \nBob\nACME\n', 'Hello', '-- \nBob\nACME'],
    ['two dashes and a CRLF', 'Hello\r\n\r\n-- \r\nBob\r\n', 'Hello', '-- \r\nBob'],
    ['a device', 'Hello\r\n\r\nSent from my iPhone\r\n', 'Hello', 'Sent from my iPhone'],
    ['before a quotation', 'Hello\n--\nBob\n\nOn 4 March 2026, Alice wrote:\n> Hi\n-- \nAlice', 'Hello', '--\nBob'],
  ])('finds a signature after %s', (_name, text, stripped, signature) => expect(stripQuotes(text)).toEqual({ text: stripped, signature }));

  it('works through hostile text in one go', () => {
    const hostile = [
      `${'on '.repeat(300)}${'1'.repeat(100)}\n`.repeat(4000),
      `From: x\n`.repeat(200_000),
      '-'.repeat(2_000_000),
      ` ${'_'.repeat(900)} \n`.repeat(2000),
      '>'.repeat(100_000),
      '\n'.repeat(1_000_000),
    ];
    for (const text of hostile) expect(stripQuotes(text).signature).toBe('');
  });
});

describe('stripQuotedHtml', () => {
  it.each(['<p>Hello</p>', '<blockquote>A poem</blockquote>', '', 'plain &amp; <b>unclosed', '<p class="gmail_quotes">no</p>'])(
    'leaves %j as it is',
    (html) => expect(stripQuotedHtml(html)).toBe(html),
  );

  it.each([
    ['<p>Yes</p><blockquote type="cite"><p>Q</p><blockquote type="cite">R</blockquote></blockquote><p>End</p>', '<p>Yes</p><p>End</p>'],
    ['<div>Yes</div><div class="x gmail_quote"><div>On … wrote:</div><blockquote>Q</blockquote></div>', '<div>Yes</div>'],
    ['<html><body>Yes<hr><div id="divRplyFwdMsg">From: Bob</div><p>Q</p></body></html>', '<html><body>Yes<hr></body></html>'],
    ['Yes<blockquote cite="mid:1">never closed', 'Yes'],
    ['<p>ü &lt; 1</p><div class="moz-cite-prefix">Q</div>', '<p>ü &lt; 1</p>'],
  ])('takes the quotation out of %j', (html, stripped) => expect(stripQuotedHtml(html)).toBe(stripped));

  it('does not work through megabytes', () => {
    const html = '<blockquote type="cite">'.repeat(100_000);
    expect(stripQuotedHtml(html)).toBe(html);
    expect(stripQuotedHtml('<div class="gmail_quote">'.repeat(20_000))).toBe('');
  });
});
