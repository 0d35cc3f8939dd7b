import { describe, expect, it } from 'vitest';
import { candidatesOf, chooseSource, type SourceState } from '#delivery/sources/choose-source.js';
import { bindAddress, makeSources } from '#delivery/sources/sources.js';

const ready: SourceState = { kind: 'ready' };
const unwelcome: SourceState = { kind: 'unwelcome' };
const probing: SourceState = { kind: 'probing', isKeptByTls: false };
const suspended: SourceState = { kind: 'suspended', until: 5000, why: 'left alone', isKeptByTls: false };
const kept: SourceState = { ...suspended, isKeptByTls: true };
const spent: SourceState = { kind: 'spent', until: 9000 };

/** With one candidate per state: `s0`, `s1`, … */
const choose = (states: SourceState[], hasFallback = false, key = 'src.test a@dst.test') =>
  chooseSource({
    candidates: states.map((_state, index) => `s${index}`),
    key,
    stateOf: (name) => states[Number(name.slice(1))] ?? ready,
    hasFallback,
  });
const wait = expect.objectContaining({ kind: 'wait' });

describe('chooseSource', () => {
  it.each<[string, SourceState[], boolean, unknown]>([
    ['the only one', [ready], false, { kind: 'source', name: 's0' }],
    ['the ready one', [suspended, ready, spent], false, { kind: 'source', name: 's1' }],
    ['the ready one rather than the fallback', [suspended, ready], true, { kind: 'source', name: 's1' }],
    ['one that is not unwelcome', [unwelcome, ready], false, { kind: 'source', name: 's1' }],
    ['an unwelcome one when no other is left', [unwelcome, suspended], true, { kind: 'source', name: 's0' }],
    ['the line behind a probe when nothing else is left', [probing, suspended], false, { kind: 'source', name: 's0' }],
    ['the fallback while a probe runs', [probing], true, { kind: 'fallback' }],
    ['the fallback when all are suspended', [suspended, suspended], true, { kind: 'fallback' }],
    ['the fallback when one is suspended and the other has sent enough', [suspended, spent], true, { kind: 'fallback' }],
    ['no fallback only because warm-up says so', [spent, spent], true, wait],
    ['nobody when it is TLS that cannot be had', [kept], true, wait],
    ['nobody when one source was kept by TLS, whatever became of the other', [suspended, kept], true, wait],
    ['the line behind a probe for TLS', [{ ...probing, isKeptByTls: true }], true, { kind: 'source', name: 's0' }],
    ['nobody when all are suspended', [suspended, suspended], false, wait],
  ])('gives %s', (_what, states, hasFallback, expected) => {
    expect(choose(states, hasFallback)).toEqual(expected);
  });

  it('gives the preferred one while it can be used, and else one of the others', () => {
    const ask = (preferred: string, state: SourceState) =>
      chooseSource({
        ...{ candidates: ['s0', 's1', 's2'], key: 'src.test a@dst.test', preferred, hasFallback: false },
        stateOf: (name) => (name === preferred ? state : ready),
      });
    for (const name of ['s0', 's1', 's2']) {
      expect(ask(name, ready)).toEqual({ kind: 'source', name });
      for (const state of [suspended, unwelcome, spent, probing]) expect(ask(name, state)).not.toEqual({ kind: 'source', name });
    }
    expect(ask('gone', ready)).toMatchObject({ kind: 'source' });
  });

  it('says until when, why, and when to look again without being told', () => {
    expect(choose([suspended])).toEqual({ kind: 'wait', until: 5000, recheckAt: undefined, why: 'left alone' });
    expect(choose([suspended, spent])).toMatchObject({
      until: 5000,
      recheckAt: 9000,
      why: expect.stringMatching(/warm-up allows until 1970-01-01 00:00:09Z/),
    });
    expect(choose([spent])).toMatchObject({ until: 9000, recheckAt: 9000 });
  });

  it('keeps each sender and recipient at one source, and spreads them evenly', () => {
    const counts = new Map<string, number>();
    for (let index = 0; index < 3000; index++) {
      const key = `src.test user${index}@dst.test`;
      const choice = choose([ready, ready, ready], false, key);
      expect(choose([ready, ready, ready], false, key)).toEqual(choice);
      const name = choice.kind === 'source' ? choice.name : '';
      counts.set(name, (counts.get(name) ?? 0) + 1);
    }
    expect(Math.min(...counts.values())).toBeGreaterThan(900);
    expect(counts.size).toBe(3);
  });

  it('moves only the share of a source that cannot be used', () => {
    for (let index = 0; index < 200; index++) {
      const key = `src.test user${index}@dst.test`;
      const before = choose([ready, ready, ready], false, key);
      const after = choose([ready, suspended, ready], false, key);
      if (before.kind === 'source' && before.name !== 's1') expect(after).toEqual(before);
      else expect(after).not.toEqual(before);
    }
  });
});

describe('sources', () => {
  const sources = makeSources([{ ipv4: '192.0.2.1', ipv6: '2001:db8::1', ehlo: 'a.test' }, { ipv6: '2001:db8::2' }], 'own.test');

  it('are known by either address, and named by the IPv4 one', () => {
    expect(sources.names).toEqual(['192.0.2.1', '2001:db8::2']);
    expect(sources.nameOf('2001:db8::1')).toBe('192.0.2.1');
    expect(sources.get('192.0.2.1').ehlo).toBe('a.test');
    expect(sources.get('2001:db8::2').ehlo).toBe('own.test');
  });

  it('bind the side of the family that the peer has', () => {
    expect(bindAddress(sources.get('192.0.2.1'), '198.51.100.1')).toBe('192.0.2.1');
    expect(bindAddress(sources.get('192.0.2.1'), '2001:db8::9')).toBe('2001:db8::1');
    expect(bindAddress(sources.get('2001:db8::2'), '198.51.100.1')).toBeUndefined();
    expect(bindAddress(sources.default, '198.51.100.1')).toBe('any');
  });

  it.each<[string, string[][], string[]]>([
    ['nothing is wanted', [], ['192.0.2.1', '2001:db8::2']],
    ['the first list counts', [['2001:db8::2'], ['192.0.2.1']], ['2001:db8::2']],
    ['both addresses of one source are wanted', [['2001:db8::1', '192.0.2.1']], ['192.0.2.1']],
    ['the first list is of addresses that are gone', [['198.51.100.7'], ['192.0.2.1']], ['192.0.2.1']],
    ['everything wanted is gone', [['198.51.100.7']], ['192.0.2.1', '2001:db8::2']],
  ])('are candidates when %s', (_when, wanted, expected) => expect(candidatesOf(wanted, sources)).toEqual(expected));
});
