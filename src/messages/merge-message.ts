/** Makes a recipient's own message of a batch. What a message's recipients share is made ready once and kept while they are being served. */
import { badRequest, type Merge, type Message, type MessageRecipient } from '#core';
import {
  checkMergeSize,
  type MergedMessage,
  type MergePlan,
  type MergeRecipient,
  mergedMessage,
  mergeRecipientOf,
  parseHead,
  planBatch,
  renderMerge,
  scanBody,
  TemplateError,
} from '#mail';
import { TaskFailure, type Workers } from '#workers';
import type { Bodies, MessageForm } from './message-form.js';

/** About how many bytes of plans are kept, unless the caller says otherwise. */
const MAX_KEPT = 32 * 1024 * 1024;

/** Rejects with Refusal 400 when no message can ever be made for this recipient, and with the error of the store when the body cannot be read. */
export type MergeMessage = (message: Message, to: MessageRecipient) => Promise<MessageForm>;

/** `maxKept`: bytes of what is made ready that are kept, about. */
export function makeMergeMessage({ spool, workers, maxKept = MAX_KEPT }: MergeDeps): MergeMessage {
  const planOf = makePlans(spool, maxKept);

  /** Large texts, and templates that may take long, are made by the workers. */
  async function make(message: Message, recipient: MergeRecipient): Promise<MergedMessage> {
    const { merge = {} } = message;
    const plan = await planOf(message);
    const size =
      checkMergeSize(plan.size, recipient) + (merge.templateVariables === undefined ? 0 : TEMPLATE_WEIGHT * weightOf(plan, merge));
    if (size <= workers.atOnce) return renderMerge(plan, recipient);
    const { head, patches } = await workers.run(
      'merge',
      { head: message.head, body: await wholeBody(message, spool), merge, recipient },
      size,
    );
    return mergedMessage(head, patches);
  }

  return async (message, to) => {
    try {
      const merged = await make(message, mergeRecipientOf(to));
      const content = await contentOf(merged, message, spool);
      return { head: merged.head, eightBitHead: merged.head.some((byte) => byte > 0x7f), form: `for ${to.id}`, ...content };
    } catch (error) {
      if (error instanceof TemplateError) throw badRequest(`The template cannot be rendered: ${error.message}`, 554);
      if (error instanceof TaskFailure) throw badRequest(`The message cannot be made for this recipient: ${error.message}`, 554);
      throw error;
    }
  };
}

export interface MergeDeps {
  spool: Bodies;
  workers: Pick<Workers, 'run' | 'atOnce'>;
  maxKept?: number;
}

/** A byte of a template and its variables may take as much time as so many bytes of plain text. */
const TEMPLATE_WEIGHT = 8;

const weightOf = ({ kept }: MergePlan, { templateVariables }: Merge): number => kept / 4 + JSON.stringify(templateVariables).length;

async function wholeBody({ body }: Message, spool: Bodies): Promise<Uint8Array> {
  if (body.kind === 'inline') return body.bytes;
  const pieces: Uint8Array[] = [];
  for await (const piece of spool.openBody(body)) pieces.push(piece);
  return Buffer.concat(pieces);
}

type Content = Pick<MessageForm, 'body' | 'bodyHash' | 'eightBitBody' | 'longLines'>;

/** Small bodies are made at once. Large ones are read twice, first for their hash and size and then to be sent, so that memory stays bounded. */
async function contentOf(merged: MergedMessage, { body, bodyHash, traits }: Message, spool: Bodies): Promise<Content> {
  const { eightBitBody, longLines } = traits;
  if (body.kind === 'inline') {
    if (!merged.isBodyChanged) return { body, bodyHash, eightBitBody, longLines };
    const bytes = merged.body(body.bytes);
    const facts = await scanBody([bytes]);
    return { body: { kind: 'inline', bytes }, bodyHash: facts.bodyHash, eightBitBody: facts.eightBit, longLines: facts.longLines };
  }
  const open = () => merged.stream(spool.openBody(body));
  if (!merged.isBodyChanged) return { body: { kind: 'stream', size: body.size, open }, bodyHash, eightBitBody, longLines };
  const facts = await scanBody(open());
  return {
    body: { kind: 'stream', size: facts.size, open },
    bodyHash: facts.bodyHash,
    eightBitBody: facts.eightBit,
    longLines: facts.longLines,
  };
}

/** The plans used last, by message. */
function makePlans(spool: Bodies, maxKept: number): (message: Message) => Promise<MergePlan> {
  const kept = new Map<number, { plan: Promise<MergePlan>; size: number }>();
  let total = 0;

  function drop(id: number): void {
    total -= kept.get(id)?.size ?? 0;
    kept.delete(id);
  }

  function make({ id, head, body, merge }: Message): Promise<MergePlan> {
    const plan = planBatch(parseHead(head), body.kind === 'inline' ? [body.bytes] : spool.openBody(body), merge);
    const entry = { plan, size: 0 };
    kept.set(id, entry);
    plan.then(
      (made) => {
        if (kept.get(id) !== entry) return;
        entry.size = made.kept;
        total += made.kept;
        for (const oldest of kept.keys()) {
          if (total <= maxKept) break;
          drop(oldest);
        }
      },
      () => kept.get(id) === entry && drop(id),
    );
    return plan;
  }

  return (message) => {
    const known = kept.get(message.id);
    if (known === undefined) return make(message);
    kept.delete(message.id);
    kept.set(message.id, known);
    return known.plan;
  };
}
