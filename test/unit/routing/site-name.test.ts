import { expect, it } from 'vitest';
import { siteName } from '#routing/site-name.js';

it.each<[string[], string]>([
  [['mx.a.example'], 'mx.a.example'],
  [['alt2.mx.g.example', 'alt1.mx.g.example', 'mx.g.example'], '(alt1.mx|alt2.mx|mx).g.example'],
  [['b.example', 'a.example', 'b.example'], '(a|b).example'],
  [['mx.a.example', 'mx.b.test'], '(mx.a.example|mx.b.test)'],
  [['a.example', 'mx.a.example'], '(a|mx.a).example'],
  [['example', 'mx.example'], '(example|mx.example)'],
])('the site of %j is %s', (names, expected) => {
  expect(siteName(names)).toBe(expected);
  expect(siteName([...names].reverse())).toBe(expected);
});

it('different sets have different names', () => {
  const sets = [
    ['a.b.c', 'x.b.c'],
    ['a.b.c', 'x.c'],
    ['a.c', 'x.b.c'],
    ['a.b', 'x.b'],
    ['a.b.c'],
    ['b.c', 'a.b.c'],
    ['a.b.c', 'x.b.c', 'y.b.c'],
  ];
  expect(new Set(sets.map(siteName)).size).toBe(sets.length);
});
