/** Which of many rules applies to a reply; shared by bounce rules and shaping rules. Pure, and quick whatever the reply. */
import type { BounceSite, ReplyCondition } from '#config';
import type { SmtpReply, Stage } from '#core';
import { makeLiteralFinder } from './bounce-literals.js';

export interface RepliedTo {
  stage: Stage;
  reply: SmtpReply;
  /** Name of the host that answered, when it is known. */
  mxHost?: string;
  /** The recipient's domain; stands for the host when that is not known. */
  destination?: string;
}

/** How a rule was found, in the order in which they are asked. */
export type MatchedBy = 'site' | 'text' | 'enhanced' | 'code';
const ORDER: readonly MatchedBy[] = ['site', 'text', 'enhanced', 'code'];

export interface Match<R> {
  rule: R;
  by: MatchedBy;
}

/** A peer may send a page; what a rule looks for is at its beginning. */
const MAX_TEXT = 1024;

/** The text as rules see it: lower case, white space as single spaces, at most 1 kB. */
export function comparableText(text: string): string {
  return text.slice(0, MAX_TEXT).toLowerCase().replace(/\s+/g, ' ');
}

/** True when `host` is `suffix` or lies below it. Both lower case. */
function isBelow(host: string, suffix: string): boolean {
  return host.endsWith(suffix) && (host.length === suffix.length || host[host.length - suffix.length - 1] === '.');
}

/** The site that a host belongs to: the one with the longest matching suffix. */
export function siteOf(sites: readonly BounceSite[], host: string): string | undefined {
  const name = host.toLowerCase().replace(/\.$/, '');
  let best: { site: string; length: number } | undefined;
  for (const { name: site, suffixes } of sites)
    for (const suffix of suffixes) if (isBelow(name, suffix) && suffix.length > (best?.length ?? 0)) best = { site, length: suffix.length };
  return best?.site;
}

/** The reply's own enhanced code, or one where others put it: at the end as qmail does, `(#5.1.1)`, or after a mark as Cisco's gateways do, `#5.1.1`. */
export function enhancedCodeOf({ enhancedCode, text }: SmtpReply): string {
  return enhancedCode === '' ? (/(?:\(#?|(?:^|\s)#)([45]\.\d{1,3}\.\d{1,3})(?:\)|\s|$)/.exec(text)?.[1] ?? '') : enhancedCode;
}

interface Prepared<R> {
  rule: R;
  by: MatchedBy;
  /** Place in the order of asking. */
  rank: number;
  codes: RegExp | undefined;
  enhanced: RegExp | undefined;
  pattern: RegExp | undefined;
}

/** Each function gives the matching rules, the first to be asked first. */
export interface Matcher<R> {
  first(replied: RepliedTo, site: string | undefined): Match<R> | undefined;
  all(replied: RepliedTo, site: string | undefined): Match<R>[];
}

export function makeMatcher<R extends ReplyCondition & { readonly site?: string }>(rules: readonly R[]): Matcher<R> {
  const prepared = rules
    .map((rule) => ({ rule, by: kindOf(rule), ...compiled(rule) }))
    .sort((a, b) => ORDER.indexOf(a.by) - ORDER.indexOf(b.by))
    .map((entry, rank): Prepared<R> => ({ ...entry, rank }));
  const withText = prepared.filter(({ rule }) => rule.text !== undefined);
  const owners = withText.flatMap((entry) => (entry.rule.text ?? []).map(() => entry));
  const find = makeLiteralFinder(withText.flatMap(({ rule }) => rule.text ?? []));
  const withoutText = prepared.filter(({ rule }) => rule.text === undefined);

  /** In the order of asking: those whose text is in the reply, and those that need none. */
  function candidates(text: string): Prepared<R>[] {
    const found = new Set<Prepared<R>>();
    for (const index of find(text)) {
      const owner = owners[index];
      if (owner !== undefined) found.add(owner);
    }
    return [...found, ...withoutText].sort((a, b) => a.rank - b.rank);
  }

  function matches({ rule, codes, enhanced, pattern }: Prepared<R>, seen: Seen): boolean {
    if (rule.site !== undefined && rule.site !== seen.site) return false;
    if (rule.stage !== undefined && !rule.stage.includes(seen.stage)) return false;
    if (codes !== undefined && !codes.test(seen.code)) return false;
    if (enhanced !== undefined && !enhanced.test(seen.enhanced)) return false;
    return pattern === undefined || pattern.test(seen.text);
  }

  const see = ({ stage, reply }: RepliedTo, site: string | undefined): Seen => ({
    stage,
    site,
    code: String(reply.code),
    enhanced: enhancedCodeOf(reply),
    text: comparableText(reply.text),
  });

  return {
    first(replied, site) {
      const seen = see(replied, site);
      return candidates(seen.text).find((entry) => matches(entry, seen));
    },
    all(replied, site) {
      const seen = see(replied, site);
      return candidates(seen.text).filter((entry) => matches(entry, seen));
    },
  };
}

interface Seen {
  stage: Stage;
  site: string | undefined;
  code: string;
  enhanced: string;
  text: string;
}

function kindOf({ site, text, enhanced }: ReplyCondition & { readonly site?: string }): MatchedBy {
  if (site !== undefined) return 'site';
  if (text !== undefined) return 'text';
  return enhanced === undefined ? 'code' : 'enhanced';
}

/** `5xx` and `x.1.x` as regular expressions. */
function compiled({ code, enhanced, pattern }: ReplyCondition) {
  return {
    codes: code && new RegExp(`^(?:${code.join('|').replaceAll('x', '\\d')})$`),
    enhanced: enhanced && new RegExp(`^(?:${enhanced.join('|').replaceAll('.', '\\.').replaceAll('x', '\\d{1,3}')})$`),
    pattern: pattern === undefined ? undefined : new RegExp(pattern, 'u'),
  };
}
