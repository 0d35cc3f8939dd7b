import { expect, it } from 'vitest';
import { makeLiteralFinder } from '#replies/bounce-literals.js';

const found = (literals: string[], text: string) => [...makeLiteralFinder(literals)(text)].map((index) => literals[index]).sort();

it.each<[string[], string, string[]]>([
  [['he', 'she', 'his', 'hers'], 'ushers', ['he', 'hers', 'she']],
  [['mailbox full', 'box', 'full'], 'the mailbox fully', ['box', 'full', 'mailbox full']],
  [['abcd', 'bcx'], 'abcx', ['bcx']],
  [['aaa'], 'aaaaaa', ['aaa']],
  [['ящик'], 'нет такого ящика', ['ящик']],
  [['x'], '', []],
  [[], 'text', []],
])('%j in %s', (literals, text, expected) => {
  expect(found(literals, text)).toEqual(expected);
});

it('agrees with includes() on texts made of few letters', () => {
  const literals = ['ab', 'ba', 'aab', 'bbb', 'abab', 'baab'];
  const find = makeLiteralFinder(literals);
  for (let seed = 0; seed < 4096; seed++) {
    const text = seed.toString(2).replaceAll('0', 'a').replaceAll('1', 'b');
    expect([...find(text)].sort()).toEqual(literals.flatMap((literal, index) => (text.includes(literal) ? [index] : [])));
  }
});
