/** Makes the message fit for this peer, before it is signed: other encodings when it takes no 8-bit bytes, and when a line is too long for anybody. */
import { bodySize, type Message } from '#core';
import { bodyHashOf, joinHead, parseHead, reencodeFor7Bit } from '#mail';
import type { SpoolStore } from '#store';
import type { Rendered, Step } from './step.js';

type Bodies = Pick<SpoolStore, 'openBody'>;

/** The message as it is stored. */
export function storedForm({ head, body, bodyHash, traits }: Message, spool: Bodies): Rendered {
  const content: Rendered['body'] =
    body.kind === 'inline'
      ? { kind: 'inline', bytes: body.bytes }
      : { kind: 'stream', size: bodySize(body), open: () => spool.openBody(body) };
  return { head, body: content, bodyHash, eightBitBody: traits.eightBitBody, form: 'stored' };
}

export function makeRender({ spool }: { spool: Bodies }): Step {
  return {
    name: 'render',
    run(attempt) {
      const { traits } = attempt.message;
      const takes8Bit = attempt.session?.capabilities.eightBitMime === true;
      const eightBit = traits.eightBitBody && !takes8Bit;
      if (!eightBit && !traits.longLines) {
        attempt.rendered = storedForm(attempt.message, spool);
        return 'next';
      }
      return reencode(attempt.message, { eightBit, longLines: traits.longLines }, spool).then((rendered) => {
        attempt.rendered = rendered;
        return 'next';
      });
    },
  };
}

/**
 * Small bodies are kept; large ones are read twice, once for their hash and size and once to be sent, so that memory stays bounded. The codec
 * promises the same bytes both times.
 */
async function reencode(message: Message, reasons: { eightBit: boolean; longLines: boolean }, spool: Bodies): Promise<Rendered> {
  const fields = parseHead(message.head);
  const open = () => reencodeFor7Bit(fields, spool.openBody(message.body), reasons);
  const { head, body } = await open();
  const kept: Uint8Array[] | undefined = message.body.kind === 'inline' ? [] : undefined;
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
    head: joinHead(head),
    body: kept === undefined ? { kind: 'stream', size, open: again } : { kind: 'inline', bytes: Buffer.concat(kept, size) },
    bodyHash,
    eightBitBody: message.traits.eightBitBody && !reasons.eightBit,
    form: `${reasons.eightBit ? '7bit' : '8bit'}${reasons.longLines ? ' short lines' : ''}`,
  };
}
