import { decode, encode } from 'dns-packet';
import { describe, expect, it } from 'vitest';
import { encodeQuestion, readResponse } from '#net/dns/dns-message.js';

const question = { id: 0x1234, name: 'a.test', type: 'MX' } as const;
const asked = { name: 'a.test', type: 'MX', class: 'IN' } as const;
const good = encode({
  type: 'response',
  id: question.id,
  questions: [asked],
  answers: [
    { name: 'a.test', type: 'MX', ttl: 300, data: { preference: 1, exchange: 'mx.a.test' } },
    { name: 'a.test', type: 'TXT', ttl: 300, data: ['some text'] },
  ],
});

describe('encodeQuestion', () => {
  it('asks for recursion and for the validation result, with EDNS0 of a size that is not fragmented', () => {
    const packet = decode(encodeQuestion(question, true));
    expect(packet).toMatchObject({ id: 0x1234, type: 'query', flag_rd: true, flag_ad: true, questions: [asked] });
    expect(packet.additionals).toMatchObject([{ type: 'OPT', udpPayloadSize: 1232, ednsVersion: 0 }]);
    expect(decode(encodeQuestion(question, false)).additionals).toEqual([]);
  });
});

describe('readResponse', () => {
  it('takes the response to its question, in whatever case the name comes back', () => {
    const shouted = encode({ type: 'response', id: question.id, questions: [{ ...asked, name: 'A.TEST' }] });
    expect(readResponse(good, question)).toMatchObject({ kind: 'response', response: { rcode: 0, truncated: false } });
    expect(readResponse(shouted, question).kind).toBe('response');
  });

  it('sees the response codes that only EDNS can say', () => {
    const opt = {
      type: 'OPT' as const,
      name: '.',
      udpPayloadSize: 1232,
      extendedRcode: 1,
      ednsVersion: 0,
      flags: 0,
      flag_do: false,
      options: [],
    };
    const badVersion = encode({ type: 'response', id: question.id, questions: [asked], additionals: [opt] });
    expect(readResponse(badVersion, question)).toMatchObject({ kind: 'response', response: { rcode: 16 } });
  });

  it.each([
    ['another id', { id: 0x1235, questions: [asked] }],
    ['a query', { id: question.id, type: 'query' as const, questions: [asked] }],
    ['another name', { id: question.id, questions: [{ ...asked, name: 'b.test' }] }],
    ['another type', { id: question.id, questions: [{ ...asked, type: 'A' as const }] }],
    ['another class', { id: question.id, questions: [{ ...asked, class: 'CH' as const }] }],
    ['two questions', { id: question.id, questions: [asked, asked] }],
    ['no question but success', { id: question.id, questions: [] }],
  ])('ignores %s', (_what, packet) => {
    expect(readResponse(encode({ type: 'response', ...packet }), question)).toEqual({ kind: 'ignored' });
  });

  it('survives every cut and thousands of damaged bytes', () => {
    for (let length = 0; length < good.length; length++) {
      expect(['ignored', 'malformed']).toContain(readResponse(good.subarray(0, length), question).kind);
    }
    let seed = 1;
    const random = (below: number) => {
      seed = (seed * 48271) % 2147483647;
      return seed % below;
    };
    const kinds = new Set<string>();
    for (let turn = 0; turn < 20_000; turn++) {
      const bytes = Buffer.from(good);
      for (let damage = 0; damage < 3; damage++) bytes[2 + random(bytes.length - 2)] = random(256);
      kinds.add(readResponse(bytes, question).kind);
    }
    expect([...kinds].sort()).toEqual(['ignored', 'malformed', 'response']);
  });
});
