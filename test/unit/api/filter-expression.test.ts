/** The language of event filters over one event, by a table. */
import { expect, it } from 'vitest';
import { planFilters, readEventFilters } from '#api/event-query/event-filters.js';
import { parseExpression } from '#api/event-query/filter-expression.js';
import { Form } from '#http';
import { parseUrlEncoded } from '#http/body/url-encoding.js';
import { bodyFilters, bodyMatches, streamMatches } from '#store/event-filter.js';
import { LINEAR, measureGrowth } from '../../support/growth.js';

const EVENT = {
  event: 'failed',
  severity: 'temporary',
  recipient: 'alice@example.org',
  tags: ['order', 'spring sale', 'Größe'],
  'mailing-list': { address: 'devs@lists.example.com' },
  message: {
    headers: { to: 'Alice Smith <alice@example.org>', from: 'Shop <my-shop@example.com>', subject: 'Hello Rachel, order 1001 (paid)' },
    attachments: [
      { filename: 'logo.png', 'content-type': 'image/png', size: 9 },
      { filename: 'Receipt March.pdf', 'content-type': 'application/pdf', size: 1042 },
    ],
    size: 2214,
    recipients: ['alice@example.org', 'bob@example.net'],
  },
};

function keeps(query: Record<string, string | string[]>): boolean {
  const pairs = Object.entries(query).flatMap(([name, values]) => [values].flat().map((value) => [name, value] as [string, string]));
  const form = new Form(parseUrlEncoded(new URLSearchParams(pairs).toString()), []);
  const { recipient = EVENT.recipient, messageId = 'm1', filters = [] } = planFilters(readEventFilters(form));
  const facts = { event: EVENT.event, severity: EVENT.severity };
  const isIndexed = recipient === EVENT.recipient && messageId === 'm1';
  return isIndexed && streamMatches(filters, facts) && bodyMatches(bodyFilters(filters), JSON.stringify(EVENT));
}

it.each<[boolean, Record<string, string | string[]>]>([
  [true, { event: 'failed' }],
  [true, { event: 'rejected OR failed' }],
  [false, { event: 'NOT failed' }],
  [true, { event: 'NOT accepted' }],
  [true, { event: 'NOT (accepted OR delivered)' }],
  [true, { event: 'NOT NOT failed' }],
  [false, { event: 'fail' }],
  [true, { severity: 'Temporary' }],
  [false, { severity: 'NOT temporary' }],
  [true, { recipient: 'alice@example.org' }],
  [true, { recipient: 'alice@EXAMPLE.org' }],
  [false, { recipient: 'bob@example.org' }],
  [true, { recipient: 'example.org' }],
  [true, { recipient: 'bob@example.org OR Alice@example.org' }],
  [false, { recipient: 'NOT alice@example.org' }],
  [true, { recipients: 'bob@example.net' }],
  [false, { recipients: 'carol@example.net' }],
  [true, { 'message-id': '<m1>' }],
  [false, { 'message-id': 'm2' }],
  [true, { tags: 'order' }],
  [true, { tags: 'ORDER größe' }],
  [true, { tags: 'order AND sale' }],
  [false, { tags: 'sal' }],
  [true, { tags: '"spring sale"' }],
  [false, { tags: '"spring"' }],
  [true, { tags: 'receipt OR order' }],
  [false, { tags: 'NOT order' }],
  [true, { from: 'my-shop@example.com' }],
  [true, { from: 'Shop <my-shop@example.com>' }],
  [false, { from: 'shop@example.com' }],
  [true, { from: 'example.com' }],
  [true, { to: '"alice smith"' }],
  [true, { to: 'Alice' }],
  [false, { to: 'Ali' }],
  [true, { subject: 'order hello' }],
  [true, { subject: 'rachel' }],
  [true, { subject: '"order 1001"' }],
  [false, { subject: '"1001 order"' }],
  [true, { subject: '"llo Rach"' }],
  [true, { subject: '(Hello AND NOT Monica) OR (Farewell AND Rachel)' }],
  [false, { subject: '(Hello AND NOT Rachel) OR (Farewell AND Monica)' }],
  // AND binds closer than OR.
  [true, { subject: 'Rachel OR Farewell Monica' }],
  // In small letters they are words.
  [false, { subject: 'Hello or Farewell' }],
  [false, { subject: 'and OR not' }],
  [true, { list: 'devs@lists.example.com' }],
  [false, { list: 'users@lists.example.com' }],
  [true, { attachment: 'logo.png' }],
  [true, { attachment: '"receipt march.pdf"' }],
  [true, { attachment: 'receipt' }],
  [false, { attachment: 'NOT pdf' }],
  [true, { size: '>2000' }],
  [true, { size: '>2000 <3000' }],
  [false, { size: '<2214' }],
  [true, { size: '2214' }],
  [true, { size: '<10 OR >1000' }],
  [false, { size: 'NOT >1000' }],
  [true, { event: 'failed', tags: 'order', size: '>1' }],
  [false, { event: 'failed', tags: 'order', size: '>10000' }],
  [true, { subject: ['hello', 'order'] }],
  [false, { subject: ['hello', 'monica'] }],
])('%s for %j', (expected, query) => {
  expect(keeps(query)).toBe(expected);
});

it('looks through a value in time that grows with its length alone', async () => {
  const expression = parseExpression('subject', 'aaaa');
  const { ratio } = await measureGrowth({
    make: (size) => JSON.stringify({ message: { headers: { subject: 'a'.repeat(size) } } }),
    run: (body) => bodyMatches([{ field: 'subject', expression }], body),
    most: 4_000_000,
  });
  expect(ratio).toBeLessThan(LINEAR);
});
