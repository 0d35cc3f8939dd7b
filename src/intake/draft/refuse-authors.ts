/**
 * Nobody sends as somebody else's domain: no address of From and Sender may be at a domain that another account hosts here, or below one, and no
 * display name of From, Sender and Reply-To may hold an address at one. People read names, and programs that take a name for an address see another author.
 */
import { domainOf, Refusal, type ReversePath } from '#core';
import type { Directory } from '#directory';
import { domainsNamedIn, type HeadField, readAddressList } from '#mail';

/** Authors of a message have fewer domains; each is looked up. */
const MAX_DOMAINS = 100;
const MAX_SHOWN = 320;

export interface Claims {
  /** The envelope's, which counts as an author. */
  sender?: ReversePath;
  /** From, Sender and Reply-To. */
  fields: readonly HeadField[];
}

/** The refusal, or undefined: 403 (SMTP 550 5.7.1) for another account's domain, 400 (550 5.6.0) for a From or Sender that is no address list. */
export async function refuseAuthors(
  { sender = '', fields }: Claims,
  account: number,
  directory: Pick<Directory, 'domains'>,
): Promise<Refusal | undefined> {
  /** What is claimed, by domain. */
  const claimed = new Map<string, string>(sender === '' ? [] : [[domainOf(sender), sender]]);
  for (const field of fields) {
    const claims = claimsOf(field);
    if (claims === undefined) return refuse(400, '5.6.0', `${field.name} header is not a valid address`);
    for (const [domain, text] of claims) claimed.set(domain, claimed.get(domain) ?? text);
    if (claimed.size > MAX_DOMAINS) return refuse(400, '5.6.0', `${field.name} header names addresses at too many domains`);
  }
  for (const [domain, text] of claimed) {
    const hosted = await directory.domains.nearest(domain);
    if (hosted !== undefined && hosted.account !== account)
      return refuse(403, '5.7.1', `Not allowed to send as ${text.slice(0, MAX_SHOWN)}`);
  }
  return undefined;
}

/** By domain. Undefined for what must be readable and is not. */
function claimsOf({ lowerName, value }: HeadField): [domain: string, text: string][] | undefined {
  const { mailboxes } = readAddressList(value) ?? { mailboxes: [] };
  const isReply = lowerName === 'reply-to';
  if (mailboxes.length === 0) return isReply ? claimsOfUnreadable(value) : undefined;
  return mailboxes.flatMap(({ name, address }) => {
    const own = domainOf(address);
    const local = address.slice(0, address.lastIndexOf('@'));
    const named = [...domainsNamedIn(name), ...domainsNamedIn(local)].filter((domain) => domain !== own);
    // Replies may go anywhere.
    const claims = named.map((domain): [string, string] => [domain, `an address at ${domain} (in the name of ${address})`]);
    return isReply ? claims : [[own, address], ...claims];
  });
}

/** Some readers take the first address of it, some the last. */
function claimsOfUnreadable(value: string): [domain: string, text: string][] {
  const named = [...domainsNamedIn(value)];
  return named.length < 2 ? [] : named.map((domain) => [domain, `an address at ${domain} (in Reply-To)`]);
}

const refuse = (httpStatus: number, enhancedCode: string, text: string) => new Refusal({ smtpCode: 550, enhancedCode, httpStatus, text });
