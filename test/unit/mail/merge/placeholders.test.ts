import { describe, expect, it } from 'vitest';
import { makeLookup, substituteText, substituteTexts } from '#mail';
import { recipient } from './support.js';

describe('placeholders', () => {
  const variables = {
    name: 'Alice',
    id: 2,
    ratio: 0.5,
    yes: true,
    nothing: null,
    empty: '',
    order: { id: 7, lines: [{ sku: 'x1' }] },
    'a.b': 'flat',
    a: { b: 'nested' },
    'v:order_id': 'o-9',
    'h:Reply-To': 'r@x.test',
    'first name': 'Al',
    loop: '%recipient.name%',
  };
  const lookup = makeLookup(recipient(variables, 'John Q. Public', 'john@dst.test'));

  it.each([
    ['Hey, %recipient.name%!', 'Hey, Alice!'],
    ['%recipient.id%%recipient.id%', '22'],
    ['%recipient.ratio% %recipient.yes% [%recipient.nothing%] [%recipient.empty%]', '0.5 true [] []'],
    ['%recipient.order.id% %recipient.order.lines.0.sku%', '7 x1'],
    ['%recipient.order%', '{"id":7,"lines":[{"sku":"x1"}]}'],
    ['%recipient.a.b%', 'flat'],
    ['%recipient.v:order_id% %recipient.h:Reply-To% %recipient.first name%', 'o-9 r@x.test Al'],
    ['%recipient.loop%', '%recipient.name%'],
    ['%recipient%', 'John Q. Public <john@dst.test>'],
    ['%recipient_email% %recipient_name% %recipient_fname% %recipient_lname%', 'john@dst.test John Q. Public John Public'],
    ['%recipient.unknown% %recipient.order.no% %recipient_other% %recipients%', undefined],
    ['%recipient.__proto__% %recipient.constructor% %recipient.name.length% %recipient.order.toString%', undefined],
    ['100%recipient.name 20%', undefined],
    ['5%recipient.x and %recipient.name%', '5%recipient.x and Alice'],
    ['%recipient.nope%recipient.name%', undefined],
    ['%Recipient.name% % recipient.name% %unsubscribe_url%', undefined],
    ['', ''],
  ])('%j', (text, expected) => {
    expect(substituteText(text, lookup)).toBe(expected ?? text);
  });

  it('takes one word as the first name, and nobody has no names', () => {
    const text = '%recipient%|%recipient_name%|%recipient_fname%|%recipient_lname%';
    expect(substituteText(text, makeLookup(recipient({}, 'Cher')))).toBe('Cher <bob@dst.test>|Cher|Cher|');
    expect(substituteText(text, makeLookup(recipient({}, '')))).toBe('bob@dst.test|||');
  });

  it('fills no more texts of a JSON value than there is room for', () => {
    const budget = { left: 10 };
    expect(substituteTexts(['%recipient.id%', 'a'.repeat(12), '%recipient.id%'], lookup, budget)).toEqual([
      '2',
      'a'.repeat(12),
      '%recipient.id%',
    ]);
    expect(budget.left).toBeLessThan(0);
  });

  it('fills the texts of a JSON value and leaves the value itself alone', () => {
    const value = { 'my-id': '%recipient.id%', list: ['%recipient.name%', 3, null, { deep: '%recipient.order.id%' }] };
    expect(substituteTexts(value, lookup, { left: 1000 })).toEqual({ 'my-id': '2', list: ['Alice', 3, null, { deep: '7' }] });
    expect(value['my-id']).toBe('%recipient.id%');
  });
});
