import { describe, expect, it } from 'vitest';
import { readHtml } from '#mail/read/read-html.js';

/** What a handler is told, in order. */
function told(html: string, limits?: { depth: number; tags: number }): { events: string[]; read: number } {
  const events: string[] = [];
  const read = readHtml(
    html,
    {
      open: (name, attributes, { start, end }) => events.push(`${name}${JSON.stringify(attributes)} ${html.slice(start, end)}`),
      close: (name, { start, end }) => events.push(`/${name} ${html.slice(start, end)}`),
      text: (data) => events.push(`'${data}'`),
    },
    limits,
  );
  return { events, read };
}

describe('readHtml', () => {
  it.each([
    ['<b>x</b>', ['b{} <b>', "'x'", '/b </b>']],
    ['<A HREF="x&amp;y" href=z>', ['a{"href":"x&y"} <A HREF="x&amp;y" href=z>', '/a ']],
    ['a &lt; b', ["'a '", "'<'", "' b'"]],
    ['<br><img src=x />', ['br{} <br>', '/br ', 'img{"src":"x"} <img src=x />', '/img ']],
    ['<p>a<p>b', ['p{} <p>', "'a'", '/p ', 'p{} <p>', "'b'", '/p ']],
    ['<tr><td>a<td>b<tr>', ['tr{} <tr>', 'td{} <td>', "'a'", '/td ', 'td{} <td>', "'b'", '/td ', '/tr ', 'tr{} <tr>', '/tr ']],
    ['<i><b>x</i>y</b>', ['i{} <i>', 'b{} <b>', "'x'", '/b ', '/i </i>', "'y'"]],
    ['</p></i >x', ["'x'"]],
    ['<div>a</div >b', ['div{} <div>', "'a'", '/div </div >', "'b'"]],
    ['<div/>a', ['div{} <div/>', "'a'", '/div ']],
    ['<svg><path/></svg>', ['svg{} <svg>', 'path{} <path/>', '/path ', '/svg </svg>']],
    ['<script>if (a<b) "</i>"</script>', ['script{} <script>', `'if (a<b) "</i>"'`, '/script </script>']],
    ['<!-- <b> --><!doctype html><?x?>', []],
    ['<b', []],
  ])('reads %j', (html, events) => expect(told(html)).toEqual({ events, read: html.length }));

  it('stops at the tag that is one too many, and says where', () => {
    expect(told('<b>1<b>2<b>3', { depth: 2, tags: 9 }).read).toBe(8);
    expect(told('<p>1<p>2<p>3', { depth: 2, tags: 9 }).read).toBe(12);
    expect(told('<b>1</b><b>2</b>', { depth: 2, tags: 2 }).read).toBe(8);
    expect(told('<b>1</b></b>2', { depth: 2, tags: 2 }).read).toBe(8);
  });
});
