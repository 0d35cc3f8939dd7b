/** How often the rules say what a person says, on replies that were kept apart while the rules were written (docs/bounces.md has the table). */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type BounceCategory, loadBounceRules, SUPPRESSING_CATEGORIES } from '#config';
import { parseSmtpReply } from '#core';
import { makeBounceClassifier } from '#replies';

interface Sample {
  part: string;
  label: string;
  mxHost: string | undefined;
  text: string;
}

const samples: Sample[] = readFileSync(new URL('./bounce-samples.tsv', import.meta.url), 'utf8')
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('#'))
  .map((line) => {
    const [part = '', label = '', host, , text = ''] = line.split('\t');
    return { part, label, mxHost: host === '-' ? undefined : host, text };
  });

const classify = makeBounceClassifier(loadBounceRules(null));

function judge(sample: Sample) {
  const reply = parseSmtpReply(sample.text);
  if (reply === undefined) throw new Error(`not a reply: ${sample.text}`);
  return { ...sample, said: classify({ stage: 'rcpt', reply, mxHost: sample.mxHost }) };
}

const holdout = samples.filter(({ part }) => part === 'holdout').map(judge);
const second = samples.filter(({ part }) => part === 'second').map(judge);
const third = samples.filter(({ part }) => part === 'third').map(judge);
const development = samples.filter(({ part }) => part === 'dev').map(judge);

const share = (judged: readonly { label: string; said: { category: string } }[]) =>
  judged.filter(({ label, said }) => label === said.category).length / Math.max(1, judged.length);

/** Of the replies that the rules put into a category, how many a person puts there too. */
const precision = (category: BounceCategory) => share(holdout.filter(({ said }) => said.category === category));

it('has at least 250 samples, a third of them held out', () => {
  expect(samples.length).toBeGreaterThanOrEqual(590);
  expect(holdout.length).toBeGreaterThanOrEqual(220);
});

it('agrees with the labels', () => {
  expect(share(holdout)).toBeGreaterThanOrEqual(0.94);
  expect(share(development)).toBeGreaterThanOrEqual(0.98);
  expect(share(second)).toBeGreaterThanOrEqual(0.92);
  expect(share(third)).toBeGreaterThanOrEqual(0.98);
});

describe('precision on the held-out replies', () => {
  const floors: [BounceCategory, number][] = [
    ['invalid-recipient', 0.97],
    ['disabled-mailbox', 0.97],
    ['mailbox-full', 0.97],
    ['authentication', 0.97],
    ['rate-limited', 0.97],
    ['spam-content', 0.97],
    ['protocol', 0.97],
    ['unsafe-content', 0.97],
    ['relay-denied', 0.97],
    ['sender-rejected', 0.97],
    ['blocklisted', 0.93],
    ['host-identity', 0.9],
    ['policy', 0.88],
    ['peer-trouble', 0.87],
    ['reputation', 0.85],
    ['dead-domain', 0.83],
  ];
  it.each(floors)('%s: at least %d', (category, floor) => {
    expect(precision(category)).toBeGreaterThanOrEqual(floor);
  });
});

it('what suppresses an address deserves it, 95 times in 100 at least', () => {
  const suppressed = [...holdout, ...second, ...third].filter(({ said }) => said.suppress);
  const wrong = suppressed.filter(({ label }) => !SUPPRESSING_CATEGORIES.some((name) => name === label));
  expect(suppressed.length).toBeGreaterThan(40);
  expect(1 - wrong.length / suppressed.length).toBeGreaterThanOrEqual(0.95);
});
