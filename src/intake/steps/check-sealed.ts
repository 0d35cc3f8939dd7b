/** Stops a message with a line that no server takes in what was signed or encrypted: it could only be delivered with its seal broken. */
import { Refusal } from '#core';
import { reencodeFor7Bit, SealedContent } from '#mail';
import type { Draft } from '../draft/draft.js';
import type { IntakeContext, IntakeStep } from '../draft/step.js';

export const checkSealed: IntakeStep = (draft, context) => (draft.traits.longLines ? check(draft, context) : draft);

async function check(draft: Draft, { spool }: IntakeContext): Promise<Draft | Refusal> {
  try {
    const { body } = await reencodeFor7Bit(draft.head, spool.openBody(draft.body), { eightBit: false, longLines: true });
    for await (const _ of body);
    return draft;
  } catch (error) {
    if (!(error instanceof SealedContent)) throw error;
    const text = 'A signed or encrypted part has a line of more than 998 bytes, and may not be encoded anew';
    return new Refusal({ smtpCode: 554, enhancedCode: '5.6.2', httpStatus: 400, text });
  }
}
