/**
 * Replies of providers: the share that is told right, and that no address is suppressed for what is not about it. Reported: a third was
 * told wrong.
 */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { BOUNCE_CATEGORIES, type BounceCategory, loadBounceRules, SUPPRESSING_CATEGORIES } from '#config';
import { parseSmtpReply, type SmtpReply } from '#core';
import { makeBounceClassifier } from '#replies';

interface Sample {
  part: string;
  provider: string;
  mxHost: string | undefined;
  category: BounceCategory;
  reply: SmtpReply;
}

const rules = loadBounceRules(null);
const classify = makeBounceClassifier(rules);

const linesOf = (name: string) =>
  readFileSync(new URL(`../unit/replies/${name}`, import.meta.url), 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.split('\t'));

function sampleOf(part: string, provider: string, host: string, category: string, text: string): Sample {
  const reply = parseSmtpReply(text);
  if (reply === undefined) throw new Error(`not a reply: ${text}`);
  if (!Object.hasOwn(BOUNCE_CATEGORIES, category)) throw new Error(`not a category: ${category}`);
  return { part, provider, mxHost: host === '-' ? undefined : host, category: category as BounceCategory, reply };
}

const collected = linesOf('provider-replies.tsv').map(([part = '', provider = '', host = '', category = '', , text = '']) =>
  sampleOf(part, provider, host, category, text),
);
const older = linesOf('bounce-samples.tsv').map(([part = '', category = '', host = '', , text = '']) =>
  sampleOf(part, 'older', host, category, text),
);

const wrong = (part: string) =>
  collected
    .filter((sample) => sample.part === part)
    .filter(({ reply, mxHost, category }) => classify({ stage: 'rcpt', reply, mxHost }).category !== category)
    .map(({ reply }) => `${reply.code} ${reply.text}`);

it('holds hundreds of replies of dozens of providers', () => {
  expect(collected.length).toBeGreaterThanOrEqual(600);
  expect(new Set(collected.map(({ provider }) => provider)).size).toBeGreaterThanOrEqual(50);
});

it.each(['tune', 'holdout', 'second'])('%s: 95 of 100 are told right', (part) => {
  const all = collected.filter((sample) => sample.part === part).length;
  expect(all).toBeGreaterThan(50);
  const misses = wrong(part);
  expect(1 - misses.length / all, misses.join('\n')).toBeGreaterThanOrEqual(0.95);
});

it('suppresses nobody for a reply that is not about the mailbox, whoever says it', () => {
  const hosts = [undefined, ...rules.sites.map(({ suffixes }) => `mx1.${suffixes[0]}`)];
  const blameless = [...collected, ...older].filter(({ category }) => !SUPPRESSING_CATEGORIES.includes(category));
  expect(blameless.length).toBeGreaterThan(800);
  const isSuppressed = (reply: SmtpReply) =>
    hosts.some((mxHost) =>
      (['rcpt', 'dot'] as const).some((stage) => classify({ stage, reply: { ...reply, code: 550 }, mxHost }).suppress),
    );
  expect(blameless.filter(({ reply }) => isSuppressed(reply)).map(({ reply }) => reply.text)).toEqual([]);
});

/** What docs/bounces.md says of each category: after a 5xx, and while it is tried again. */
const documented = readFileSync(new URL('../../docs/bounces.md', import.meta.url), 'utf8')
  .split('\n')
  .map((line) => line.split('|').map((cell) => cell.trim()))
  .flatMap(([, name = '', , , final = '', again = '']) => {
    const category = /^`([a-z-]+)`$/.exec(name)?.[1];
    return category !== undefined && final in { bounce: 1, retry: 1, 'retry-other-source': 1 } ? [{ category, final, again }] : [];
  });

it('does after a 5xx and a 4xx what the table of the manual says, category by category', () => {
  expect(documented.map(({ category }) => category).sort()).toEqual(Object.keys(BOUNCE_CATEGORIES).sort());
  for (const { reply, mxHost } of [...collected, ...older]) {
    const hard = classify({ stage: 'rcpt', reply: { ...reply, code: 550 }, mxHost });
    const row = documented.find(({ category }) => category === hard.category);
    const isTenants = hard.action === 'bounce' && hard.scope === 'tenant';
    if (!isTenants) expect(hard.action, `550 ${reply.text}`).toBe(row?.final);
    expect(hard.severity, `550 ${reply.text}`).toBe(row?.final === 'retry' ? 'temporary' : 'permanent');
    const soft = classify({ stage: 'rcpt', reply: { ...reply, code: 450 }, mxHost });
    expect(soft.severity, `450 ${reply.text}`).toBe('temporary');
    expect(soft.action, `450 ${reply.text}`).not.toBe('bounce');
  }
});

it('has no rule that is final where its category is tried again, or the reverse', () => {
  for (const { id, category, severity } of rules.rules)
    expect(`${id} ${severity}`).toBe(`${id} ${BOUNCE_CATEGORIES[category].final.action === 'retry' ? 'temporary' : 'permanent'}`);
});

it('reads an enhanced code behind a mark, as Cisco writes it', () => {
  const reply = parseSmtpReply('554 mx.example.com #5.2.2 sorry');
  expect(reply && classify({ stage: 'rcpt', reply })).toMatchObject({ category: 'mailbox-full', matchedBy: 'enhanced' });
});
