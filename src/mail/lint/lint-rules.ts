/**
 * The rules of the lint. Each rule is a pure function of a message's outline. Sources: RFC 5322 (line lengths, fields that may stand only once), RFC
 * 8058 (one-click unsubscribe), and the bulk sender requirements that Gmail and Yahoo publish.
 */
import { describeIdle, type Idle } from '#core';
import { type ParsedMailbox, parseAddressList } from '../head/address-list.js';
import { allValues, firstValue } from '../head/head-fields.js';
import { hasPlaceholder } from '../merge/placeholders.js';
import { HTML_LIMITS } from '../read/read-html.js';
import type { Outline } from './outline.js';

/** Facts that are not in the message itself. */
export interface LintContext {
  /** Domains that will sign. Empty if the message will not be signed, undefined if that is not known. */
  signingDomains?: readonly string[] | undefined;
  /** The message goes to several people at once. */
  isBulk: boolean;
  /** Options requested for the message that have no effect in this version. */
  idleOptions?: readonly Idle[];
  /** Settings of its domain that have no effect in this version. */
  idleSettings?: readonly Idle[];
}

export interface LintRule {
  rule: string;
  /** Gives what is wrong, or undefined if nothing is. */
  check: (outline: Outline, context: LintContext) => string | undefined;
}

const KIB = 1024;
/** Gmail shows only so much of the HTML, and then a link to the rest. */
const CLIPPED = 102 * KIB;
const LARGE = 10 * KIB * KIB;
/** Octets of a line, without its line end (RFC 5322 2.1.1). */
const MAX_LINE = 998;
/** Some mail programs and proxies cut longer links. */
const MAX_LINK = 2000;
const ONCE = ['from', 'sender', 'reply-to', 'to', 'cc', 'subject', 'date', 'message-id', 'in-reply-to', 'references'];
const FREE_MAIL = /^(?:gmail|googlemail|yahoo|ymail|aol|outlook|hotmail|live|icloud)\.[a-z.]{2,6}$/;

export const LINT_RULES: readonly LintRule[] = [
  {
    rule: 'subject-missing',
    check: ({ head }) =>
      (firstValue(head, 'subject') ?? '').trim() === '' ? 'There is no subject; filters hold that against a message' : undefined,
  },
  {
    rule: 'field-repeated',
    check({ head }) {
      const name = ONCE.find((once) => allValues(head, once).length > 1);
      return name && `The field ${name} stands more than once; Gmail refuses such messages (RFC 5322 3.6)`;
    },
  },
  {
    rule: 'author-missing',
    check({ head }) {
      // The variables of the recipient may give the address.
      if (authorsOf(head).length > 0 || hasPlaceholder(firstValue(head, 'from') ?? '')) return undefined;
      return 'There is no From with an address; Gmail refuses such messages (RFC 5322 3.6)';
    },
  },
  {
    rule: 'several-authors',
    check: ({ head }) => (authorsOf(head).length > 1 ? 'From names more than one address; Gmail and Yahoo want exactly one' : undefined),
  },
  {
    rule: 'from-free-mail',
    check({ head }) {
      const domain = fromDomain(head);
      return domain && FREE_MAIL.test(domain) ? `From is an address at ${domain}, whose DMARC policy only its own servers pass` : undefined;
    },
  },
  {
    rule: 'not-signed',
    check: (_, { signingDomains }) =>
      signingDomains?.length === 0 ? 'No DKIM signature will be made; large providers want one' : undefined,
  },
  {
    rule: 'from-not-aligned',
    check({ head }, { signingDomains }) {
      const domain = fromDomain(head);
      if (domain === undefined || signingDomains === undefined || signingDomains.length === 0) return undefined;
      if (signingDomains.some((signing) => isAligned(domain, signing))) return undefined;
      return `From is at ${domain}, but the signature is of ${signingDomains.join(' and ')}: DMARC cannot pass by DKIM (RFC 7489 3.1)`;
    },
  },
  {
    rule: 'text-part-missing',
    check: ({ types }) =>
      types.has('text/html') && !types.has('text/plain') ? 'There is HTML without a text part for those who do not read HTML' : undefined,
  },
  {
    rule: 'html-too-complex',
    check: ({ html: { isReadWhole } }) =>
      isReadWhole
        ? undefined
        : `The HTML has more than ${HTML_LIMITS.tags} tags, or more than ${HTML_LIMITS.depth} elements in each other, as mail programs do not show them; what follows was not looked at`,
  },
  {
    rule: 'image-without-alt',
    check: ({ html: { images, imagesWithoutAlt: count } }) =>
      count > 0 ? `${count} of ${images} images ${count === 1 ? 'has' : 'have'} no alt text` : undefined,
  },
  {
    rule: 'link-too-long',
    check: ({ longestLink }) => (longestLink > MAX_LINK ? `A link is ${longestLink} characters long; keep below ${MAX_LINK}` : undefined),
  },
  {
    rule: 'link-not-secure',
    check: ({ html: { insecureLinks: count } }) =>
      count > 0 ? `${count} ${count === 1 ? 'link leads' : 'links lead'} to http: addresses; use https:` : undefined,
  },
  {
    rule: 'link-misleading',
    check: ({ html: { misleadingLinks } }) =>
      misleadingLinks.length > 0
        ? `The text of a link names another host than it leads to (${misleadingLinks.join(', ')}), as phishing does`
        : undefined,
  },
  {
    rule: 'line-too-long',
    check: ({ longestLine }) =>
      longestLine > MAX_LINE
        ? `A line has ${longestLine} octets; over ${MAX_LINE} (RFC 5322 2.1.1) the body has to be encoded anew`
        : undefined,
  },
  {
    rule: 'html-clipped',
    check: ({ htmlSize }) => (htmlSize > CLIPPED ? `The HTML has ${kilobytes(htmlSize)}; Gmail shows the first 102 kB only` : undefined),
  },
  {
    rule: 'message-large',
    check: ({ size }) => (size > LARGE ? `The message has ${kilobytes(size)}; many servers take 10 MB at most` : undefined),
  },
  {
    rule: 'list-unsubscribe-missing',
    check: ({ head }, context) =>
      isBulk(head, context) && unsubscribeLinks(head).length === 0
        ? 'Bulk mail without List-Unsubscribe; Gmail and Yahoo require it of senders of over 5000 messages a day'
        : undefined,
  },
  {
    rule: 'one-click-missing',
    check({ head }, context) {
      const links = unsubscribeLinks(head);
      if (!isBulk(head, context) || links.length === 0) return undefined;
      const post = (firstValue(head, 'list-unsubscribe-post') ?? '').replace(/\s/g, '').toLowerCase();
      if (links.some((link) => /^https:/i.test(link)) && post === 'list-unsubscribe=one-click') return undefined;
      return 'One-click unsubscribe needs an https: address in List-Unsubscribe and "List-Unsubscribe-Post: List-Unsubscribe=One-Click" (RFC 8058)';
    },
  },
  {
    rule: 'option-without-effect',
    check: (_outline, { idleOptions = [] }) =>
      idleOptions.length > 0 ? `Options were asked for that have no effect (${describeIdle(idleOptions)})` : undefined,
  },
  {
    rule: 'setting-without-effect',
    check: (_outline, { idleSettings = [] }) =>
      idleSettings.length > 0 ? `Its domain has settings that have no effect (${describeIdle(idleSettings)})` : undefined,
  },
  {
    rule: 'placeholder-without-effect',
    check: ({ idlePlaceholders: names }) =>
      names.length > 0 ? `No link is put in place of ${names.join(', ')} yet; recipients see it as it stands` : undefined,
  },
];

const authorsOf = (head: Outline['head']): ParsedMailbox[] => parseAddressList(firstValue(head, 'from') ?? '') ?? [];

function fromDomain(head: Outline['head']): string | undefined {
  const address = authorsOf(head)[0]?.address;
  return address?.slice(address.lastIndexOf('@') + 1).toLowerCase();
}

/**
 * True if one name is the other or a parent of it. This is as near to relaxed alignment as we get without the list of public suffixes, and it never
 * guesses.
 */
const isAligned = (one: string, other: string): boolean => one === other || one.endsWith(`.${other}`) || other.endsWith(`.${one}`);

const isBulk = (head: Outline['head'], context: LintContext): boolean =>
  context.isBulk || /^(?:bulk|list)$/i.test((firstValue(head, 'precedence') ?? '').trim()) || firstValue(head, 'list-id') !== undefined;

function unsubscribeLinks(head: Outline['head']): string[] {
  return [...(firstValue(head, 'list-unsubscribe') ?? '').matchAll(/<\s*((?:https?|mailto):[^<>\s]+)\s*>/gi)].map(([, link = '']) => link);
}

const kilobytes = (bytes: number): string => `${Math.ceil(bytes / KIB)} kB`;
