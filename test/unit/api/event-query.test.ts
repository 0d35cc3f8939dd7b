import { describe, expect, it } from 'vitest';
import { readEventRange } from '#api/event-query/event-range.js';
import { decodePageToken, encodePageToken, type PageRequest } from '#api/event-query/page-request.js';
import { Form } from '#http';
import { parseUrlEncoded } from '#http/body/url-encoding.js';

const NOW = 1_772_619_330_000_000;
const range = (query: string) => readEventRange(new Form(parseUrlEncoded(query), []), NOW);

describe('readEventRange', () => {
  it.each([
    ['', { upper: NOW, ascending: false }],
    ['ascending=no', { upper: NOW, ascending: false }],
    ['ascending=yes', { ascending: true }],
    ['begin=5&ascending=yes', { lower: 5e6, ascending: true }],
    ['begin=5&ascending=no', { upper: 5e6, ascending: false }],
    ['begin=5&end=9', { lower: 5e6, upper: 9e6, ascending: true }],
    ['begin=9&end=5', { lower: 5e6, upper: 9e6, ascending: false }],
    ['begin=5&end=5', { lower: 5e6, upper: 5e6, ascending: true }],
    ['end=5', { lower: 5e6, upper: NOW, ascending: false }],
    ['end=5&ascending=yes', { upper: 5e6, ascending: true }],
    ['end=9000000000', { lower: NOW, upper: 9e15, ascending: true }],
    ['begin=1772619330.104512&ascending=yes', { lower: 1_772_619_330_104_512, ascending: true }],
  ])('%s', (query, expected) => {
    expect(range(query)).toEqual(expected);
  });
});

describe('page tokens', () => {
  const request: PageRequest = {
    range: { lower: 1, upper: NOW, ascending: true },
    filters: [
      ['event', 'failed OR delivered'],
      ['recipient', 'ü@example.org'],
      ['subject', '"grüße" NOT (a OR b)'],
    ],
    limit: 300,
    place: { kind: 'next', from: { at: NOW, id: 'A-_z~' } },
  };

  it('come back as they went', () => {
    expect(decodePageToken(encodePageToken(request))).toEqual(request);
    const open: PageRequest = { range: { ascending: false }, filters: [], limit: 1, place: { kind: 'last' } };
    expect(decodePageToken(encodePageToken(open))).toEqual(open);
  });

  it('are one URL-safe segment', () => {
    expect(encodePageToken(request)).toMatch(/^[A-Za-z0-9_-]+$/);
  });

  it('are refused with anything changed that would not fit', () => {
    const good = JSON.parse(Buffer.from(encodePageToken(request), 'base64url').toString());
    const changes = [
      { n: 301 },
      { n: 0 },
      { n: '5' },
      { k: 'all' },
      { p: undefined },
      { p: [1] },
      { p: ['1', 'x'] },
      { k: 'first' },
      { r: [1, 2] },
      { r: [-1, 2, true] },
      { r: [1, 2, 'yes'] },
      { f: 'failed' },
      { e: ['failed'] },
      { f: [['event']] },
      { f: [['colour', 'red']] },
      { f: [['event', 5]] },
      { f: [['subject', 'x'.repeat(2001)]] },
    ];
    for (const change of changes) {
      const token = Buffer.from(JSON.stringify({ ...good, ...change })).toString('base64url');
      expect(() => decodePageToken(token), JSON.stringify(change)).toThrow('Invalid page token');
    }
  });
});
