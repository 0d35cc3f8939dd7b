/** The text made of HTML: what a reader needs of links, lists and tables, and bounds for hostile input. */
import { expect, test } from 'vitest';
import { textOfHtml } from '#mail';

test.each([
  ['<h1>Hello</h1><p>One</p><p>Two &amp; three<br>four</p>', 'Hello\n\nOne\n\nTwo & three\nfour'],
  ['See <a href="https://a.example/x">the page</a>', 'See the page <https://a.example/x>'],
  ['<a href="https://a.example/">https://a.example/</a> <a href="#top">up</a>', 'https://a.example/ up'],
  ['<ul><li>one</li><li>two</li></ul><ol><li>a</li></ol>', ' * one\n * two\n\n 1. a'],
  ['<table><tr><th>Item</th><th>Price</th></tr><tr><td>Lamp</td><td>9</td></tr></table>', 'Item Price\nLamp 9'],
  ['<style>p { color: red }</style><script>alert(1)</script><p>x</p><img src="p.png" alt="y">', 'x'],
  ['<p>a<constructor>b</constructor><Constructor/>c</p><tostring>d</tostring><valueOf>e', 'abc\n\nde'],
  ['', ''],
  ['a < b', 'a < b'],
])('%s', (html, text) => {
  expect(textOfHtml(html)).toBe(text);
});

test('lines are wrapped', () => {
  expect(
    Math.max(
      ...textOfHtml(`<p>${'word '.repeat(100)}</p>`)
        .split('\n')
        .map((line) => line.length),
    ),
  ).toBeLessThanOrEqual(78);
});

test.each([
  ['tags', `${'<b>x</b>'.repeat(15_000)}end`],
  ['nested tags', '<div>'.repeat(100_000)],
  ['text', 'x '.repeat(1024 * 1024)],
])('too many %s are cut', (_, html) => {
  const text = textOfHtml(html);
  expect(text.length).toBeLessThanOrEqual(512 * 1024);
  expect(text).not.toContain('end');
});
