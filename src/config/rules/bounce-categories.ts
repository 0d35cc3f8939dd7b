/** The closed set of bounce categories, and what each means if a rule does not say otherwise. docs/bounces.md explains them to people. */

/** What the refusal is about: this mailbox, the customer (domain, content of all their mail), this source IP at this site, or this message. */
export const SCOPES = ['recipient', 'tenant', 'path', 'content'] as const;
export type Scope = (typeof SCOPES)[number];

/** `retry-other-source`: the delivery is tried once from another source IP, if the pool has one. */
export const BOUNCE_ACTIONS = ['bounce', 'retry', 'retry-other-source'] as const;
export type BounceAction = (typeof BOUNCE_ACTIONS)[number];

/** Reasons of Mailgun's `failed` event that a reply can give. */
export const BOUNCE_REASONS = ['bounce', 'generic', 'greylisted', 'espblock'] as const;
export type BounceReason = (typeof BOUNCE_REASONS)[number];

export type Criticality = 'critical' | 'non-critical';

export interface CategoryDefaults {
  /** Class of Mailgun's bounce classification. */
  readonly mailgunClass: 'BOUNCE' | 'GENERIC' | 'GREYLISTED' | 'ESPBLOCK' | 'BLACKLISTED';
  readonly scope: Scope;
  /** What is done after a 5xx, and while the delivery is tried again. */
  readonly final: { readonly reason: BounceReason; readonly action: BounceAction };
  readonly again: { readonly reason: BounceReason; readonly action: BounceAction };
  readonly criticality: Criticality;
}

type Half = CategoryDefaults['final'];
const half = (reason: BounceReason, action: BounceAction): Half => ({ reason, action });

const category = (
  mailgunClass: CategoryDefaults['mailgunClass'],
  scope: Scope,
  final: Half,
  again: Half,
  criticality: Criticality = 'non-critical',
): CategoryDefaults => ({ mailgunClass, scope, final, again, criticality });

const bounced = half('bounce', 'bounce');
const refused = half('generic', 'bounce');
const later = half('generic', 'retry');
const blocked = half('espblock', 'bounce');
const blockedLater = half('espblock', 'retry');
const elsewhere = half('espblock', 'retry-other-source');

export const BOUNCE_CATEGORIES = {
  'invalid-recipient': category('BOUNCE', 'recipient', bounced, later),
  'disabled-mailbox': category('BOUNCE', 'recipient', bounced, later),
  'dead-domain': category('BOUNCE', 'recipient', bounced, later),
  'mailbox-full': category('BOUNCE', 'recipient', bounced, later),
  greylisted: category('GREYLISTED', 'recipient', half('greylisted', 'retry'), half('greylisted', 'retry')),
  'rate-limited': category('ESPBLOCK', 'path', blockedLater, blockedLater),
  blocklisted: category('BLACKLISTED', 'path', elsewhere, elsewhere, 'critical'),
  reputation: category('ESPBLOCK', 'path', elsewhere, blockedLater, 'critical'),
  'host-identity': category('ESPBLOCK', 'path', elsewhere, elsewhere, 'critical'),
  authentication: category('ESPBLOCK', 'tenant', blocked, blockedLater, 'critical'),
  'spam-content': category('ESPBLOCK', 'content', blocked, blockedLater, 'critical'),
  'unsafe-content': category('GENERIC', 'content', refused, later),
  policy: category('GENERIC', 'content', refused, later),
  'relay-denied': category('GENERIC', 'recipient', refused, later),
  'sender-rejected': category('GENERIC', 'tenant', refused, later),
  'too-large': category('GENERIC', 'content', refused, later),
  'too-many-recipients': category('GENERIC', 'recipient', later, later),
  protocol: category('GENERIC', 'content', refused, later),
  routing: category('GENERIC', 'recipient', refused, later),
  'peer-trouble': category('GENERIC', 'path', refused, later),
  expired: category('GENERIC', 'recipient', refused, later),
  unknown: category('GENERIC', 'recipient', refused, later),
} as const satisfies Record<string, CategoryDefaults>;

export type BounceCategory = keyof typeof BOUNCE_CATEGORIES;

/** Typed list of the keys, for schemas and tables. */
export const BOUNCE_CATEGORY_NAMES = Object.keys(BOUNCE_CATEGORIES) as [BounceCategory, ...BounceCategory[]];

/** Whether a 5xx of this category is final, if the rule does not say: it is tried again if the table says `retry`. */
export function usualSeverity(category: BounceCategory): 'permanent' | 'temporary' {
  return BOUNCE_CATEGORIES[category].final.action === 'retry' ? 'temporary' : 'permanent';
}

/** Categories whose rules may suppress an address: their causes do not go away by themselves. */
export const SUPPRESSING_CATEGORIES: readonly BounceCategory[] = ['invalid-recipient', 'disabled-mailbox', 'dead-domain'];
