import { beforeEach, describe, expect, it } from 'vitest';
import { type Dns, type DnsAnswer, type DnsType, makeDnsCache } from '#net';

const records = (ttl: number): DnsAnswer<'A'> => ({ kind: 'records', records: ['192.0.2.1'], ttl, authenticated: false });

let ms: number;
let asked: string[];
let next: DnsAnswer;
const clock = { now: () => 0, monotonic: () => ms };
const client: Dns = {
  async query<T extends DnsType>(name: string, type: T) {
    asked.push(`${type} ${name}`);
    return next as DnsAnswer<T>;
  },
};
beforeEach(() => {
  ms = 1000;
  asked = [];
  next = records(300);
});

describe('how long an answer is kept', () => {
  const table: [string, DnsAnswer, number][] = [
    ['its TTL', records(300), 300],
    ['at least 30 s', records(0), 30],
    ['at most an hour', records(86_400), 3600],
    ['60 s when there are no such records', { kind: 'nodata', ttl: 900, authenticated: false }, 60],
    ['60 s when there is no such name', { kind: 'nxdomain', ttl: 1, authenticated: false }, 60],
    ['5 s when nobody could say', { kind: 'failed', reason: 'servfail' }, 5],
  ];
  it.each(table)('%s', async (_what, answer, seconds) => {
    next = answer;
    const cache = makeDnsCache({ client, clock, maxEntries: 10 });
    const first = await cache.query('a.test', 'A');
    expect(first).toEqual(answer.kind === 'failed' ? answer : { ...answer, ttl: seconds });
    ms += seconds * 1000 - 1;
    expect(await cache.query('a.test', 'A')).toEqual(answer.kind === 'failed' ? answer : { ...answer, ttl: 1 });
    expect(asked).toHaveLength(1);
    ms += 1;
    await cache.query('a.test', 'A');
    expect(asked).toHaveLength(2);
  });
});

describe('what counts as the same question', () => {
  it('ignores case and the final dot, and tells types apart', async () => {
    const cache = makeDnsCache({ client, clock, maxEntries: 10 });
    await cache.query('a.test', 'A');
    await cache.query('A.Test.', 'A');
    expect(asked).toEqual(['A a.test']);
    await cache.query('a.test', 'MX');
    expect(asked).toEqual(['A a.test', 'MX a.test']);
  });
});

describe('questions at the same time', () => {
  it('share one query', async () => {
    const cache = makeDnsCache({ client, clock, maxEntries: 10 });
    const answers = await Promise.all(Array.from({ length: 50 }, () => cache.query('a.test', 'A')));
    expect(asked).toHaveLength(1);
    expect(answers).toEqual(answers.map(() => records(300)));
  });

  it('share a rejection too, and the next one asks afresh', async () => {
    let fail = true;
    const moody: Dns = {
      async query(name, type) {
        if (fail) throw new Error('a bug');
        return client.query(name, type);
      },
    };
    const cache = makeDnsCache({ client: moody, clock, maxEntries: 10 });
    const both = await Promise.allSettled([cache.query('a.test', 'A'), cache.query('a.test', 'A')]);
    expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    fail = false;
    expect(await cache.query('a.test', 'A')).toEqual(records(300));
  });
});

describe('the bound', () => {
  it('drops the entry that was not used for longest', async () => {
    const cache = makeDnsCache({ client, clock, maxEntries: 3 });
    for (const name of ['a.test', 'b.test', 'c.test']) await cache.query(name, 'A');
    await cache.query('a.test', 'A');
    await cache.query('d.test', 'A');
    asked.length = 0;
    for (const name of ['a.test', 'c.test', 'd.test']) await cache.query(name, 'A');
    expect(asked).toEqual([]);
    await cache.query('b.test', 'A');
    expect(asked).toEqual(['A b.test']);
  });
});
