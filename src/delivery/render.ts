/** Makes the message of this recipient, and fit for this peer, before it is signed: other encodings when it takes no 8-bit bytes, and when a line is too long for anybody. */
import { bodySize, type Message } from '#core';
import { bodyHashOf, joinHead, parseHead, reencodeFor7Bit } from '#mail';
import type { SpoolStore } from '#store';
import { failed, ownReply } from './end-attempt.js';
import { MergeError, makeMergeMessage } from './merge-message.js';
import type { Attempt, Rendered, Step, StepResult } from './step.js';

type Bodies = Pick<SpoolStore, 'openBody'>;

/** The message as it is stored. */
export function storedForm({ head, body, bodyHash, traits }: Message, spool: Bodies): Rendered {
  const content: Rendered['body'] =
    body.kind === 'inline'
      ? { kind: 'inline', bytes: body.bytes }
      : { kind: 'stream', size: bodySize(body), open: () => spool.openBody(body) };
  return { head, body: content, bodyHash, ...traits, form: 'stored' };
}

export function makeRender({ spool }: { spool: Bodies }): Step {
  const mergeMessage = makeMergeMessage({ spool });

  async function merged(attempt: Attempt): Promise<StepResult> {
    try {
      return makeFit(attempt, await mergeMessage(attempt.message, attempt.delivery));
    } catch (error) {
      if (error instanceof MergeError) return failed(attempt, 'local', ownReply(554, '5.6.0', error.message));
      throw error;
    }
  }

  return {
    name: 'render',
    run: (attempt) => (attempt.message.merge === undefined ? makeFit(attempt, storedForm(attempt.message, spool)) : merged(attempt)),
  };
}

function makeFit(attempt: Attempt, form: Rendered): StepResult | Promise<StepResult> {
  const eightBit = form.eightBitBody && attempt.session?.capabilities.eightBitMime !== true;
  attempt.rendered = form;
  if (!eightBit && !form.longLines) return 'next';
  return reencode(form, { eightBit, longLines: form.longLines }).then((rendered) => {
    attempt.rendered = rendered;
    return 'next';
  });
}

/**
 * Small bodies are kept; large ones are read twice, once for their hash and size and once to be sent, so that memory stays bounded. The codec
 * promises the same bytes both times.
 */
async function reencode(form: Rendered, reasons: { eightBit: boolean; longLines: boolean }): Promise<Rendered> {
  const fields = parseHead(form.head);
  const stored = form.body;
  const open = () => reencodeFor7Bit(fields, stored.kind === 'inline' ? [stored.bytes] : stored.open(), reasons);
  const { head, body } = await open();
  const kept: Uint8Array[] | undefined = stored.kind === 'inline' ? [] : undefined;
  let size = 0;
  async function* observed(): AsyncGenerator<Uint8Array> {
    for await (const chunk of body) {
      size += chunk.byteLength;
      kept?.push(chunk);
      yield chunk;
    }
  }
  const bodyHash = await bodyHashOf(observed());
  async function* again(): AsyncGenerator<Uint8Array> {
    yield* (await open()).body;
  }
  return {
    ...form,
    head: joinHead(head),
    body: kept === undefined ? { kind: 'stream', size, open: again } : { kind: 'inline', bytes: Buffer.concat(kept, size) },
    bodyHash,
    eightBitBody: form.eightBitBody && !reasons.eightBit,
    longLines: false,
    form: `${form.form}${reasons.eightBit ? ' 7bit' : ' 8bit'}${reasons.longLines ? ' short lines' : ''}`,
  };
}
