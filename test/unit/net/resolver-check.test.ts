import { describe, expect, it } from 'vitest';
import { type Dns, type DnsAnswer, makeResolverCheck } from '#net';

const answering = (...answers: (boolean | 'failed')[]): Dns => {
  let turn = 0;
  return {
    async query() {
      const answer = answers[turn++ % answers.length];
      const given: DnsAnswer =
        answer === 'failed'
          ? { kind: 'failed', reason: 'timeout' }
          : { kind: 'records', records: ['ns.test'], ttl: 60, authenticated: answer === true };
      return given as never;
    },
  };
};
const unasked: Dns = {
  query: async () => {
    throw new Error('nobody should be asked');
  },
};

describe('whose word is believed', () => {
  it.each<[configured: string[], system: string[], trusted: boolean]>([
    [['127.0.0.1'], ['192.0.2.1'], true],
    [['[::1]:5353'], [], true],
    [['192.0.2.1:53'], [], true],
    [[], ['127.0.0.1'], true],
    [[], ['127.0.0.53', '::1'], true],
    [[], ['::ffff:127.0.0.1'], true],
    [[], ['192.0.2.1'], false],
    [[], ['127.0.0.1', '10.0.0.1'], false],
    [[], [], false],
  ])('configured %j, system %j: %s', (servers, systemServers, trusted) => {
    expect(makeResolverCheck({ dns: unasked, servers, systemServers }).isTrusted).toBe(trusted);
  });

  it('is read from this machine unless told', () => {
    expect(makeResolverCheck({ dns: unasked, servers: [] }).isTrusted).toBeTypeOf('boolean');
    expect(() => makeResolverCheck({ dns: unasked, servers: ['localhost'] })).toThrow('not a DNS server');
  });
});

describe('what the operator is told', () => {
  const check = (dns: Dns, servers: string[], systemServers: string[] = []) => makeResolverCheck({ dns, servers, systemServers }).check();
  it.each<[string, Dns, string[], string[], string, RegExp]>([
    ['a validating one here', answering(true), ['127.0.0.1'], [], 'validates', /^DANE is on: the resolver validates DNSSEC$/],
    [
      'a validating one elsewhere',
      answering(true),
      ['192.0.2.1'],
      [],
      'validates',
      /on: .* as far as the network to 192\.0\.2\.1 can be trusted$/,
    ],
    ['one that is partly silent', answering('failed', true, true), ['127.0.0.1'], [], 'validates', /on/],
    ['one that does not validate', answering(false), ['127.0.0.1'], [], 'does-not-validate', /off: .*unbound/],
    ['one that validates by chance', answering(true, false, true), ['127.0.0.1'], [], 'does-not-validate', /off/],
    ['a silent one', answering('failed'), ['127.0.0.1'], [], 'unknown', /does not answer/],
    ["the system's elsewhere", unasked, [], ['192.0.2.1'], 'untrusted', /off: .*192\.0\.2\.1 is on another machine.*dns\.servers/],
    ['none', unasked, [], [], 'untrusted', /off: no resolver/],
  ])('%s', async (_what, dns, servers, system, kind, text) => {
    expect(await check(dns, servers, system)).toEqual({ kind, text: expect.stringMatching(text) });
  });
});
