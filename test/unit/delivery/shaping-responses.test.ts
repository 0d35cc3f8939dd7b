import { beforeEach, describe, expect, it } from 'vitest';
import { loadShaping, type ResponseRule } from '#config';
import { HOUR, MINUTE, parseSmtpReply } from '#core';
import { makeResponseRules, type Response, type ResponseRules } from '#delivery/shaping/shaping-responses.js';

const rules = loadShaping(null);

let time: number;
let noted: ResponseRules;
beforeEach(() => {
  time = 1_800_000_000_000;
  noted = makeResponseRules(rules, { now: () => time });
});

function response(text: string, more: Partial<Response> = {}): Response {
  const reply = parseSmtpReply(text);
  if (reply === undefined) throw new Error(`not a reply: ${text}`);
  const known = {
    isRemote: true,
    source: '192.0.2.1',
    site: 'mx.example',
    tenant: 'acc1',
    destination: 'example.com',
    recipient: 'u@example.com',
  };
  return { ...known, mxHosts: ['mx.example'], stage: 'dot', reply, ...more };
}

function hostOf(rule: ResponseRule): string {
  const suffix = rules.providers.find(({ name }) => name === rule.site)?.suffixes[0];
  return suffix === undefined ? 'mx.example' : `mx1.${suffix}`;
}

const YAHOO = { mxHosts: ['mta5.am0.yahoodns.net'], site: 'yahoodns.net' };
const TSS04 = '421 4.7.0 [TSS04] Messages from 192.0.2.1 temporarily deferred due to unexpected volume or user complaints - 4.16.55.1';
const subject = { source: '192.0.2.1', site: 'yahoodns.net', tenant: 'acc1', destination: 'yahoo.com' };

describe('our rules', () => {
  it.each(rules.responses.map((rule) => [rule.id, rule] as const))('%s: its sample fires it at its threshold, for its time', (id, rule) => {
    const event = response(rule.sample, { mxHosts: [hostOf(rule)], stage: rule.stage?.[0] ?? 'dot' });
    expect(noted.match(event)?.id).toBe(id);
    for (let before = 1; before < rule.threshold.count; before++) expect(noted.note(event)).toEqual([]);
    expect(noted.note(event)).toMatchObject([{ ruleId: id, change: rule.change, until: time + rule.duration, key: { scope: rule.scope } }]);
    const isKept = rule.scope !== 'recipient';
    expect(noted.active(event)).toHaveLength(isKept ? 1 : 0);
    time += rule.duration - 1;
    expect(noted.active(event)).toHaveLength(isKept ? 1 : 0);
    time += 1;
    expect(noted.active(event)).toEqual([]);
    expect(noted.all()).toEqual([]);
  });

  it('are at least 35', () => expect(rules.responses.length).toBeGreaterThanOrEqual(35));
});

describe('thresholds', () => {
  it('forget what is older than their window', () => {
    expect(noted.note(response(TSS04, YAHOO))).toEqual([]);
    time += HOUR;
    expect(noted.note(response(TSS04, YAHOO))).toEqual([]);
    time += HOUR - 1;
    expect(noted.note(response(TSS04, YAHOO))).toHaveLength(1);
  });

  it('count anew after they fired, and a restriction is prolonged', () => {
    noted.note(response(TSS04, YAHOO));
    const [first] = noted.note(response(TSS04, YAHOO));
    time += 30 * MINUTE;
    expect(noted.note(response(TSS04, YAHOO))).toEqual([]);
    const [second] = noted.note(response(TSS04, YAHOO));
    expect(second?.until).toBe((first?.until ?? 0) + 30 * MINUTE);
    expect(noted.all()).toHaveLength(1);
  });

  it('count the rule, not the words: ids and addresses differ from reply to reply', () => {
    noted.note(response(TSS04, YAHOO));
    expect(noted.note(response(TSS04.replace('192.0.2.1', '192.0.2.99').replace('4.16.55.1', '7'), YAHOO))).toHaveLength(1);
  });

  it('are not confused by a clock that is set back', () => {
    noted.note(response(TSS04, YAHOO));
    time -= 2 * HOUR;
    expect(noted.note(response(TSS04, YAHOO))).toEqual([]);
    expect(noted.note(response(TSS04, YAHOO))).toHaveLength(1);
  });
});

describe('scopes', () => {
  it('path: other sources and other sites go on', () => {
    for (const source of ['192.0.2.1', '192.0.2.2']) expect(noted.note(response(TSS04, { ...YAHOO, source }))).toEqual([]);
    noted.note(response(TSS04, YAHOO));
    expect(noted.active(subject)).toHaveLength(1);
    expect(noted.active({ ...subject, tenant: 'other', destination: 'aol.com' })).toHaveLength(1);
    expect(noted.active({ ...subject, source: '192.0.2.2' })).toEqual([]);
    expect(noted.active({ ...subject, site: 'other' })).toEqual([]);
  });

  it('tenant: other customers go on, from whatever source', () => {
    const dbl = response('550 5.7.1 Your email was rejected due to having a domain present in the Spamhaus DBL', {
      mxHosts: ['mx01.mail.icloud.com'],
      site: 'icloud.com',
    });
    for (let count = 0; count < 3; count++) noted.note({ ...dbl, source: `192.0.2.${count}` });
    const apple = { ...subject, site: 'icloud.com', source: '192.0.2.200' };
    expect(noted.active(apple)).toMatchObject([{ change: { suspend: true }, key: { scope: 'tenant', tenant: 'acc1' } }]);
    expect(noted.active({ ...apple, tenant: 'acc2' })).toEqual([]);
  });

  it('domain: everybody’s mail to it, nothing else', () => {
    noted.note(response('550 5.4.7 <u@example.com>: Recipient address rejected: Recipients Domain Daily Quota Exceeded'));
    expect(noted.active({ source: 'x', site: 'y', tenant: 'z', destination: 'example.com' })).toHaveLength(1);
    expect(noted.active({ source: 'x', site: 'y', tenant: 'z', destination: 'example.org' })).toEqual([]);
  });

  it('recipient: counts each mailbox by itself, and many mailboxes forget no path', () => {
    const [given] = rules.responses.filter(({ scope }) => scope === 'recipient');
    if (given === undefined) throw new Error('no rule about recipients');
    const rule = { ...given, threshold: { count: 3, perMs: HOUR } };
    const counted = makeResponseRules(
      { ...rules, responses: [rule, ...rules.responses.filter(({ id }) => id !== rule.id)] },
      { now: () => time },
    );
    const of = (recipient: string) => counted.note(response(rule.sample, { mxHosts: [hostOf(rule)], recipient }));
    for (const name of ['a', 'b', 'c', 'd']) expect(of(`${name}@example.com`)).toEqual([]);
    expect(of('a@example.com')).toEqual([]);
    expect(counted.note(response(TSS04, YAHOO))).toEqual([]);
    for (let number = 0; number < 10_001; number++) of(`${number}@example.com`);
    expect(counted.note(response(TSS04, YAHOO))).toHaveLength(1);
    expect(of('a@example.com')).toEqual([]);
    expect(of('10000@example.com')).toEqual([]);
    expect(of('10000@example.com')).toMatchObject([{ key: { scope: 'recipient', recipient: '10000@example.com' } }]);
  });

  it('recipient: only the answer, nothing is kept', () => {
    const full = response('450 4.2.1 <u@example.com>: Mailbox received too much email in a short period of time (G30)');
    expect(noted.note(full)).toMatchObject([{ key: { scope: 'recipient' }, until: time + 15 * MINUTE }]);
    expect(noted.all()).toEqual([]);
  });

  it('keeps names apart that could run together', () => {
    const too = response('421 4.7.0 Messages from IP temporarily deferred', { source: 'a","b', site: 'c' });
    noted.note(too);
    expect(noted.active({ ...subject, source: 'a', site: 'b","c' })).toEqual([]);
    expect(noted.active({ ...subject, source: 'a","b', site: 'c' })).toHaveLength(1);
  });
});

describe('what is never a reason', () => {
  it.each<[string, Partial<Response>]>([
    ['our own words about a peer', { isRemote: false }],
    ['our own refusals', { stage: 'local' }],
    ['what DNS says', { stage: 'dns' }],
  ])('%s', (_what, more) => {
    for (const rule of rules.responses)
      for (let count = 0; count < rule.threshold.count; count++)
        expect(noted.note(response(rule.sample, { mxHosts: [hostOf(rule)], ...more }))).toEqual([]);
    expect(noted.all()).toEqual([]);
  });

  it.each(['550 5.1.1 User unknown', '552 5.2.2 Mailbox full', '250 2.0.0 Messages from IP temporarily deferred', '450 4.2.0 Greylisted'])(
    '%s',
    (text) => {
      expect(
        noted.note(
          response(
            text.startsWith('250') ? `450${text.slice(3)}` : text,
            text.startsWith('250') ? { reply: { code: 250, enhancedCode: '2.0.0', text } } : {},
          ),
        ),
      ).toEqual([]);
    },
  );

  it('another provider’s rule', () => {
    expect(noted.match(response('550 Domain frequency limited'))).toBeUndefined();
    expect(noted.match(response('550 Domain frequency limited', { mxHosts: ['mx3.qq.com'] }))?.id).toBe('a501');
    expect(noted.match(response('550 Domain frequency limited', { mxHosts: [], destination: 'qq.com' }))?.id).toBe('a501');
  });
});

describe('memory', () => {
  it('is bounded however many paths there are', () => {
    for (let count = 0; count < 30_000; count++)
      noted.note(response('421 4.7.0 Messages from IP temporarily deferred', { site: `s${count}` }));
    expect(noted.all()).toHaveLength(10_000);
    expect(noted.active({ ...subject, site: 's29999' })).toHaveLength(1);
    expect(noted.active({ ...subject, site: 's0' })).toEqual([]);
  });

  it('forgets counters of old, not of late', () => {
    for (let count = 0; count < 30_000; count++) noted.note(response(TSS04, { ...YAHOO, source: `s${count}` }));
    expect(noted.note(response(TSS04, { ...YAHOO, source: 's29999' }))).toHaveLength(1);
    expect(noted.note(response(TSS04, { ...YAHOO, source: 's0' }))).toEqual([]);
  });
});

it('is kept over a restart and lifted by the operator', () => {
  noted.note(response('421 4.7.0 Messages from IP temporarily deferred'));
  const saved = noted.all();
  const again = makeResponseRules(rules, { now: () => time });
  again.restore([...saved, { ...saved[0], ruleId: 'old', until: time } as (typeof saved)[0]]);
  expect(again.all()).toEqual(saved);
  const later = makeResponseRules(rules, { now: () => time - 86_400_000 });
  later.restore(saved);
  expect(later.all().map(({ until }) => until)).toEqual(saved.map(({ until }) => until - 86_400_000));
  expect(again.lift(({ ruleId }) => ruleId === 'none')).toBe(0);
  expect(again.lift(({ key }) => key.scope === 'path')).toBe(1);
  expect(again.all()).toEqual([]);
});
