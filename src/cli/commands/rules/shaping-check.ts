/** `shaping check REPLY --mx HOST`: shows the policy for a host, and what the server would do upon its reply. Needs no server. */
import type { Command } from 'commander';
import { loadBounceRules, loadConfig, loadShaping, type Rate, type ResponseRule, type ShapingChange } from '#config';
import type { Stage } from '#core';
import { makeResponseRules, makeShaping, type ShapingPolicy } from '#delivery';
import { makeDnsClient } from '#net';
import { makeBounceClassifier, retryHint, type WordsFound, wordsFound } from '#replies';
import { type Cli, localCommand, report } from '../../cli.js';
import { WrongUsage } from '../../command-errors.js';
import { renderFields } from '../../render/table.js';
import { LOOKUP, type MailServers, mailServersOf } from './mail-servers.js';
import { readReply, stageOption } from './reply-argument.js';

interface Options {
  config?: string;
  json?: boolean;
  mx: string;
  stage: Stage;
}

export function shapingCheck(cli: Cli): Command {
  return localCommand(cli, 'check', 'show how mail to a host or a domain is shaped, and what a reply of it would change')
    .argument('[reply]', 'such as "421 4.7.0 Too many connections"')
    .requiredOption('--mx <host>', 'the host that answers, or a domain, whose exchangers are looked up')
    .addOption(stageOption('dot'))
    .action(async (text: string | undefined, options: Options) => {
      const { config } = loadConfig({ file: options.config, env: cli.environment });
      const { stage } = options;
      if (!/^\S+$/.test(options.mx)) throw new WrongUsage(`--mx "${options.mx}" is no host and no domain`);
      const reply = text === undefined ? undefined : readReply(text);
      const rules = loadShaping(config.shaping.file);
      const shaping = makeShaping(rules);
      const dns = makeDnsClient({ servers: [...config.dns.servers], clock: cli.clock, ...LOOKUP });
      // A host that the rules know is no domain, and needs no resolver.
      const isKnown = shaping.providerOf([options.mx], options.mx) !== undefined;
      const servers: MailServers = isKnown ? { hosts: [options.mx], isDomain: false } : await mailServersOf(dns, options.mx);
      const { hosts } = servers;
      const mx = hosts[0] ?? options.mx;
      const policy = shaping.policyFor(hosts, options.mx);
      const rule =
        reply &&
        makeResponseRules(rules, cli.clock).match({
          isRemote: true,
          source: '',
          site: mx,
          tenant: '',
          destination: options.mx,
          recipient: '',
          mxHosts: hosts,
          reply,
          stage,
        });
      const found = rule === undefined || reply === undefined ? undefined : wordsFound(rule, reply);
      const classify = makeBounceClassifier(loadBounceRules(config.bounceRules.file));
      const hint = reply && retryHint(reply.text, classify({ stage, reply, mxHost: mx }).category === 'greylisted');
      const told = { mx: options.mx, hosts, policy, reply: reply ?? null, rule: rule ?? null, matched: found ?? null, hint: hint ?? null };
      report(cli, options, told, (paint) =>
        renderFields(paint, [
          ['servers', serversText(servers)],
          ...policyFields(policy),
          ...(reply === undefined ? [] : ruleFields(rule, found)),
          [
            'asks to wait',
            hint !== undefined && hint.atLeast > 0
              ? `${spanText(hint.atLeast)}${hint.sameSource ? ', then from the same source' : ''}`
              : undefined,
          ],
        ]),
      );
    });
}

/** The exchangers that were found for a domain; undefined for a host that was named as one. */
function serversText({ hosts, isDomain, problem }: MailServers): string | undefined {
  if (problem !== undefined) return `${hosts.join(', ')}, taken for a host (${problem})`;
  return isDomain ? hosts.join(', ') : undefined;
}

type Field = readonly [string, string | undefined];

function policyFields(policy: ShapingPolicy): Field[] {
  return [
    ['provider', policy.provider ?? '(none: the default)'],
    [
      'connections',
      `${policy.connections} for each source${policy.providerConnections === undefined ? '' : `, ${policy.providerConnections} in all`}`,
    ],
    ['messages', `${policy.messagesPerConnection} on a connection`],
    ['connection rate', rateText(policy.connectionRate)],
    ['message rate', rateText(policy.messageRate)],
    ['tls', policy.tls],
  ];
}

const SCOPES: Record<ResponseRule['scope'], string> = {
  path: 'mail from this source to this site',
  tenant: 'this customer’s mail to this site',
  domain: 'all mail to this domain',
  recipient: 'this delivery only; the replies are counted by mailbox',
};

function ruleFields(rule: ResponseRule | undefined, found: WordsFound = {}): Field[] {
  if (rule === undefined) return [['rule', 'none: the reply changes nothing']];
  const { count, perMs } = rule.threshold;
  return [
    ['rule', `${rule.id}: ${rule.explanation}`],
    ['matched', matchText(rule, found)],
    [
      'fires',
      count === 1 ? 'at once' : `at the ${count}th such reply within ${spanText(perMs)}`.replace('2th', '2nd').replace('3th', '3rd'),
    ],
    ['then', `${changeText(rule.change)} for ${spanText(rule.duration)}`],
    ['concerns', SCOPES[rule.scope]],
  ];
}

/** The parts of the reply that matched the rule. */
function matchText({ site }: ResponseRule, { text, pattern, enhanced, code }: WordsFound): string {
  const parts = [
    site !== undefined && `a host of ${site}`,
    text !== undefined && `the text "${text}"`,
    pattern !== undefined && `the pattern ${pattern.rule} by "${pattern.matched}"`,
    enhanced !== undefined && `the enhanced code ${enhanced}`,
    code !== undefined && `the code ${code}`,
  ];
  return parts.filter(Boolean).join(', ');
}

function changeText(change: ShapingChange): string {
  const parts = [
    change.suspend && 'nothing is sent',
    change.otherSource && 'another source is preferred',
    change.connections !== undefined && `at most ${change.connections} connection${change.connections === 1 ? '' : 's'}`,
    change.messagesPerConnection !== undefined && `at most ${change.messagesPerConnection} messages on a connection`,
    change.connectionRate && `at most ${rateText(change.connectionRate)} connections`,
    change.messageRate && `at most ${rateText(change.messageRate)} messages`,
  ];
  return parts.filter(Boolean).join(', ');
}

function rateText(rate: Rate | undefined): string | undefined {
  return rate && `${rate.count} per ${spanText(rate.perMs).replace(/^1 /, '')}`;
}

function spanText(ms: number): string {
  const [size, name] = SPANS.find(([unit]) => ms % unit === 0) ?? [1, 'millisecond'];
  const amount = ms / size;
  return `${amount} ${name}${amount === 1 ? '' : 's'}`;
}

const SPANS: readonly (readonly [number, string])[] = [
  [86_400_000, 'day'],
  [3_600_000, 'hour'],
  [60_000, 'minute'],
  [1000, 'second'],
];
