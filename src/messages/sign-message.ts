/** Signs a message as it will be sent with the keys of its domain; a signature is kept while other recipients of the message may need it. */
import { type Clock, type Message, MINUTE } from '#core';
import type { Directory } from '#directory';
import { signDkim } from '#mail';
import type { DomainRecord } from '#store';
import type { MessageForm } from './message-form.js';

export interface Signature {
  /** DKIM-Signature fields with CRLF. */
  field: Uint8Array;
  /** Name of the first key, for the event. */
  name: string;
}

export interface SignDeps {
  directory: Pick<Directory, 'domains'>;
  clock: Clock;
}

/** Resolves to undefined when the domain has no key. */
export type SignMessage = (message: Message, form: MessageForm, domain: DomainRecord) => Promise<Signature | undefined>;

/** Signatures are kept for the recipients that are attempted together, and must not outlive their key by long. */
const MAX_KEPT = 256;
const LIFETIME = MINUTE;

export function makeSignMessage({ directory, clock }: SignDeps): SignMessage {
  const kept = new Map<string, { until: number; made: Promise<Signature | undefined> }>();

  async function sign(message: Message, form: MessageForm, domain: DomainRecord): Promise<Signature | undefined> {
    const keys = await directory.domains.signingKeys(domain, { message: message.id, ...message.options });
    const [primary] = keys;
    if (primary === undefined) return undefined;
    const at = Math.floor(clock.now() / 1000);
    const fields = await Promise.all(keys.map((key) => signDkim({ ...key, head: form.head, bodyHash: form.bodyHash, at })));
    return { field: Buffer.concat(fields), name: `${primary.selector}._domainkey.${primary.domain}` };
  }

  return (message, form, domain) => {
    const id = `${message.id} ${form.form}`;
    const known = kept.get(id);
    if (known !== undefined && known.until > clock.monotonic()) return known.made;
    const made = sign(message, form, domain);
    kept.delete(id);
    kept.set(id, { until: clock.monotonic() + LIFETIME, made });
    // A failure is not kept: the next recipient tries anew.
    made.catch(() => kept.delete(id));
    for (const oldest of kept.keys()) {
      if (kept.size <= MAX_KEPT) break;
      kept.delete(oldest);
    }
    return made;
  };
}
