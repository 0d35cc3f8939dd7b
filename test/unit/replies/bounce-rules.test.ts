import { describe, expect, it } from 'vitest';
import { type BounceRule, loadBounceRules, SUPPRESSING_CATEGORIES } from '#config';
import { parseSmtpReply, type SmtpReply, type Stage } from '#core';
import { makeBounceClassifier } from '#replies';
import { CONSTANT, measureGrowth } from '../../support/growth.js';

const rules = loadBounceRules(null);
const classify = makeBounceClassifier(rules);

function reply(text: string): SmtpReply {
  const parsed = parseSmtpReply(text);
  if (parsed === undefined) throw new Error(`not a reply: ${text}`);
  return parsed;
}

/** A host of the rule's site. */
function hostOf(rule: BounceRule): string | undefined {
  const site = rules.sites.find(({ name }) => name === rule.site);
  return site && `mx1.${site.suffixes[0]}`;
}

const given = (text: string, more: { stage?: Stage; mxHost?: string; destination?: string } = {}) =>
  classify({ stage: 'rcpt', reply: reply(text), ...more });

describe('our rules', () => {
  it.each(rules.rules.map((rule) => [rule.id, rule] as const))('%s: its sample meets it before any other', (id, rule) => {
    const found = given(rule.sample, { stage: rule.stage?.[0] ?? 'rcpt', mxHost: hostOf(rule) });
    expect(found.ruleId).toBe(id);
    expect(found.category).toBe(rule.category);
  });

  it('are at least 120, each for a reason', () => {
    expect(rules.rules.length).toBeGreaterThanOrEqual(120);
    for (const { short, explanation } of rules.rules) expect(explanation.length).toBeGreaterThan(short.length);
  });

  it('suppress only an invalid recipient, a dead domain and a disabled mailbox', () => {
    for (const rule of rules.rules.filter(({ suppress }) => suppress)) {
      expect(SUPPRESSING_CATEGORIES).toContain(rule.category);
      expect(rule.severity).toBe('permanent');
    }
    expect(rules.rules.some(({ suppress }) => suppress)).toBe(true);
  });

  const stages: Stage[] = ['dns', 'connect', 'banner', 'ehlo', 'tls', 'auth', 'mail', 'rcpt', 'data', 'dot', 'local'];
  it.each(stages)('suppress at %s only when it is rcpt or dot, and never after a 4xx', (stage) => {
    for (const rule of rules.rules) {
      const found = given(rule.sample, { stage, mxHost: hostOf(rule) });
      if (found.suppress) expect(['rcpt', 'dot']).toContain(stage);
      const softer = given(`4${rule.sample.slice(1)}`, { stage, mxHost: hostOf(rule) });
      expect(softer.suppress).toBe(false);
      expect(softer.severity).toBe('temporary');
      expect(softer.action).not.toBe('bounce');
    }
  });
});

describe('the order of asking', () => {
  it('site, then text, then enhanced code, then code', () => {
    const text = '550 5.4.6 Mailbox unavailable or access denied';
    expect(given(text, { mxHost: 'mx3.qq.com' })).toMatchObject({ matchedBy: 'site', category: 'rate-limited' });
    expect(given(text)).toMatchObject({ matchedBy: 'text', category: 'invalid-recipient' });
    expect(given('550 5.4.6 Xyzzy')).toMatchObject({ matchedBy: 'enhanced', category: 'routing' });
    expect(given('550 Xyzzy')).toMatchObject({ matchedBy: 'code', category: 'unknown', reason: 'bounce', suppress: false });
    expect(given('550 Xyzzy', { stage: 'dot' })).toMatchObject({ matchedBy: 'default', severity: 'permanent', reason: 'generic' });
    expect(given('450 Xyzzy')).toMatchObject({ matchedBy: 'default', severity: 'temporary', action: 'retry' });
  });

  it('text beats an enhanced code that says something else', () => {
    expect(given('550 5.7.1 User unknown')).toMatchObject({ category: 'invalid-recipient', suppress: true });
    expect(given('550 5.1.1 <a@example.com>: mailbox full')).toMatchObject({ category: 'mailbox-full', suppress: false });
  });

  it('takes the destination for the host when that is not known', () => {
    expect(given('550 Sender frequency limited.', { destination: 'qq.com' })).toMatchObject({ entity: 'QQ', severity: 'temporary' });
    expect(given('550 5.1.1 x', { mxHost: 'MX1.Comcast.NET.' }).entity).toBe('Comcast');
    expect(given('550 5.1.1 x', { mxHost: 'notcomcast.net' }).entity).toBe('Other');
  });

  it('reads the enhanced code that qmail puts at the end', () => {
    expect(given('554 Nothing to be said (#5.2.2)')).toMatchObject({ category: 'mailbox-full', matchedBy: 'enhanced' });
  });
});

describe('what an event says', () => {
  it.each([
    ['550 5.1.1 User unknown', 'bounce', 'permanent', 'bounce'],
    ['450 4.1.1 User unknown', 'generic', 'temporary', 'retry'],
    ['450 4.2.0 Greylisted, come back later', 'greylisted', 'temporary', 'retry'],
    ['554 5.7.1 Client host [192.0.2.1] blocked using zen.spamhaus.org', 'espblock', 'permanent', 'retry-other-source'],
    ['550 5.7.1 Message flagged as spam', 'espblock', 'permanent', 'bounce'],
    ['452 4.5.3 Too many recipients', 'generic', 'temporary', 'retry'],
    ['552 Too many recipients', 'generic', 'temporary', 'retry'],
    ['421 4.7.0 too many connections', 'espblock', 'temporary', 'retry'],
    ['552 5.2.2 Mailbox full', 'bounce', 'permanent', 'bounce'],
    ['550 5.7.1 Relaying denied', 'generic', 'permanent', 'bounce'],
  ] as const)('%s → %s, %s, %s', (text, reason, severity, action) => {
    expect(given(text)).toMatchObject({ reason, severity, action });
  });

  it('does not retry elsewhere what is about the sending domain', () => {
    const found = given('550 5.7.1 Your email was rejected due to having a domain present in the Spamhaus DBL');
    expect(found).toMatchObject({ category: 'blocklisted', scope: 'tenant', action: 'bounce' });
  });
});

describe('what must not cost an address its place', () => {
  it.each([
    '554 Connection has been closed due to inactivity',
    '550 Service is no longer available',
    '554 Server no longer accepting connections from your network',
    '550 5.7.1 Client host is not known here, access denied',
    '550 5.7.1 Sender address rejected: User unknown in relay table',
    '550 Verification failed for <us@example.com>: no such user',
    '553 5.1.8 Sender domain does not exist',
    '550 5.1.8 Domain of sender address does not exist',
    '550 Your PTR record does not exist',
    '554 5.7.1 DMARC record does not exist',
    '550 5.7.1 <u@example.com>: Recipient address rejected: SPF record does not exist',
    '550 5.7.1 Recipient address rejected: blocked using zen.spamhaus.org',
    '550 5.7.1 Too many invalid recipients from your IP, slow down',
    '554 Blocked for the day, for attempting to mail too many invalid recipients',
    '550 Mailbox unavailable: blocked by DNSBL',
    '552 5.2.2 Mailbox full, account over quota',
    '550 5.1.1 <u@example.com> mailbox full',
    '550 5.2.1 Mailbox temporarily disabled',
    '550 Account has been suspended',
    '550 5.7.1 Message rejected as spam by content filtering, user not found in whitelist',
    '550 5.7.1 Relaying denied: no such user here',
    '550 5.7.1 TLS required',
    '554 5.7.1 Access denied',
    '550 Greylisted, user unknown to greylist',
    '550 Xyzzy',
  ])('%s', (text) => {
    expect(given(text)).toMatchObject({ suppress: false });
  });
});

describe('hostile replies', () => {
  it('take no more time when they are longer', async () => {
    const texts = rules.rules.flatMap(({ text }) => text ?? []).join(' ');
    const { ratio } = await measureGrowth({
      make: (size) => ({ code: 550, enhancedCode: '', text: `${texts} `.repeat(size / texts.length) }),
      run: (reply) => {
        for (let round = 0; round < 100; round++) classify({ stage: 'rcpt', reply });
      },
      most: 1_000_000,
      allowed: CONSTANT,
    });
    expect(ratio).toBeLessThanOrEqual(CONSTANT);
  });

  it('reads only the first kilobyte', () => {
    expect(classify({ stage: 'rcpt', reply: { code: 550, enhancedCode: '', text: `${'x'.repeat(1100)} user unknown` } }).category).toBe(
      'unknown',
    );
  });
});
