/** What a refusal means: who it is about, whether it is final, what to do, whether the address is worth no more mail, and what an event says. Pure. */
import {
  BOUNCE_CATEGORIES,
  type BounceAction,
  type BounceCategory,
  type BounceReason,
  type BounceRule,
  type BounceRules,
  type Criticality,
  type Scope,
} from '#config';
import { type MatchedBy, makeMatcher, type RepliedTo, siteOf } from './bounce-matcher.js';

export interface BounceClassification {
  /** `default` when no rule matched. */
  ruleId: string;
  matchedBy: MatchedBy | 'default';
  /** Who refuses: the site, or the blocklist or filter it names; `Other` when that is not known. */
  entity: string;
  category: BounceCategory;
  /** Class of Mailgun's bounce classification. */
  mailgunClass: string;
  criticality: Criticality;
  /** `permanent`: never again, unless `action` says once more from another source. */
  severity: 'permanent' | 'temporary';
  scope: Scope;
  /** The address ought not to be sent to again. Told by `bounce explain`; no list is kept of it yet. */
  suppress: boolean;
  action: BounceAction;
  /** Reason of the `failed` event. */
  reason: BounceReason;
  short: string;
  explanation: string;
}

/** A bounce report (RFC 3464) is classified with stage `dot`, the reply of its Diagnostic-Code, and no host. */
export type ClassifyBounce = (replied: RepliedTo) => BounceClassification;

/** Only here is a 5xx about the recipient: before RCPT it is about us. */
const RECIPIENT_STAGES: readonly RepliedTo['stage'][] = ['rcpt', 'dot'];

/** `reply.code` is 4xx or 5xx; anything else counts as temporary, because what is not understood is tried again. */
export function makeBounceClassifier({ rules, sites }: BounceRules): ClassifyBounce {
  const matcher = makeMatcher(rules);
  return (replied) => {
    const site = siteOf(sites, replied.mxHost ?? replied.destination ?? '');
    const match = matcher.first(replied, site);
    const rule = match?.rule ?? DEFAULT_RULE;
    const is5xx = replied.reply.code >= 500 && replied.reply.code <= 599;
    const severity = is5xx ? rule.severity : 'temporary';
    const defaults = BOUNCE_CATEGORIES[rule.category];
    const half = severity === 'permanent' ? defaults.final : defaults.again;
    return {
      ruleId: rule.id,
      matchedBy: match?.by ?? 'default',
      entity: rule.entity ?? site ?? 'Other',
      category: rule.category,
      mailgunClass: defaults.mailgunClass,
      criticality: rule.criticality,
      severity,
      scope: rule.scope,
      suppress: rule.suppress && severity === 'permanent' && RECIPIENT_STAGES.includes(replied.stage),
      action: actionOf(rule, severity, half.action),
      // A rule's own reason is about a final refusal.
      reason: severity === 'permanent' ? (rule.reason ?? half.reason) : half.reason,
      short: rule.short,
      explanation: rule.explanation,
    };
  };
}

function actionOf(rule: BounceRule, severity: 'permanent' | 'temporary', usual: BounceAction): BounceAction {
  const action = rule.action ?? usual;
  return action === 'bounce' && severity === 'temporary' ? 'retry' : action;
}

const DEFAULT_RULE: BounceRule = {
  id: 'default',
  category: 'unknown',
  severity: 'permanent',
  scope: BOUNCE_CATEGORIES.unknown.scope,
  suppress: false,
  criticality: BOUNCE_CATEGORIES.unknown.criticality,
  short: 'Not understood',
  explanation: 'No rule knows this reply; its code alone says whether it is final.',
  sample: '554 Rejected',
};
