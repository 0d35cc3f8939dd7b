/** Signs the message as it will be sent with the keys of its domain; a signature is kept while other recipients of the message may need it. */
import { type Clock, MINUTE } from '#core';
import type { Directory } from '#directory';
import { signDkim } from '#mail';
import type { Attempt, Step, StepResult } from './step.js';

export const SIGN_DKIM = 'sign-dkim';

type Signature = NonNullable<Attempt['signature']>;

/** Signatures are small; what is kept only has to span the recipients being attempted together, and must not outlive its key by long. */
const MAX_KEPT = 256;
const LIFETIME = MINUTE;

export function makeSignDkim({ directory, clock }: { directory: Pick<Directory, 'domains'>; clock: Clock }): Step {
  const kept = new Map<string, { until: number; made: Promise<Signature | undefined> }>();

  async function sign({ domain, rendered, message }: Attempt): Promise<Signature | undefined> {
    if (domain === undefined) return undefined;
    const keys = await directory.domains.signingKeys(domain, { message: message.id, ...message.options });
    const [primary] = keys;
    if (primary === undefined) return undefined;
    const at = Math.floor(clock.now() / 1000);
    const fields = await Promise.all(keys.map((key) => signDkim({ ...key, head: rendered.head, bodyHash: rendered.bodyHash, at })));
    return { field: Buffer.concat(fields), name: `${primary.selector}._domainkey.${primary.domain}` };
  }

  function signOnce(attempt: Attempt): Promise<Signature | undefined> {
    const id = `${attempt.message.id} ${attempt.rendered.form}`;
    const known = kept.get(id);
    if (known !== undefined && known.until > clock.monotonic()) return known.made;
    const made = sign(attempt);
    kept.delete(id);
    kept.set(id, { until: clock.monotonic() + LIFETIME, made });
    // A failure is not kept: the next recipient tries anew.
    made.catch(() => kept.delete(id));
    for (const oldest of kept.keys()) {
      if (kept.size <= MAX_KEPT) break;
      kept.delete(oldest);
    }
    return made;
  }

  return {
    name: SIGN_DKIM,
    worksOnMessage: true,
    async run(attempt): Promise<StepResult> {
      if (!attempt.message.options.dkim) return 'next';
      attempt.signature = await signOnce(attempt);
      return 'next';
    },
  };
}
