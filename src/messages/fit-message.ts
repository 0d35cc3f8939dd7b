/**
 * Makes a message fit for its peer before it is signed: it is encoded anew when the peer takes no 8-bit bytes, and when it has a line that is too long
 * for SMTP.
 */
import type { Message } from '#core';
import { bodyHashOf, joinHead, parseHead, reencodeFor7Bit } from '#mail';
import type { MessageForm } from './message-form.js';

export interface ReencodeNeeds {
  /** The peer takes no 8-bit bytes, and the body has some. */
  eightBit: boolean;
  longLines: boolean;
}

/** Rejects with SealedContent when a signed or encrypted part would have to be encoded anew. */
export type FitMessage = (message: Message, form: MessageForm, needs: ReencodeNeeds) => Promise<MessageForm>;

/** Messages that were encoded anew and are kept for their next recipient; each has a small body, or none in memory. */
const MAX_KEPT = 16;

/** What all recipients get is encoded and hashed once for the recipients who are served together. */
export function makeFitMessage(): FitMessage {
  const kept = new Map<string, Promise<MessageForm>>();

  return (message, form, needs) => {
    if (message.merge !== undefined) return reencode(form, needs);
    const key = `${message.id} ${needs.eightBit} ${needs.longLines}`;
    const made = kept.get(key) ?? reencode(form, needs);
    kept.delete(key);
    kept.set(key, made);
    // A failure is not kept: the next recipient tries anew.
    made.catch(() => kept.delete(key));
    for (const oldest of kept.keys()) {
      if (kept.size <= MAX_KEPT) break;
      kept.delete(oldest);
    }
    return made;
  };
}

/**
 * Small bodies are kept; large ones are read twice, once for their hash and size and once to be sent, so that memory stays bounded. The codec
 * promises the same bytes both times.
 */
async function reencode(form: MessageForm, needs: ReencodeNeeds): Promise<MessageForm> {
  const fields = parseHead(form.head);
  const stored = form.body;
  const open = () => reencodeFor7Bit(fields, stored.kind === 'inline' ? [stored.bytes] : stored.open(), needs);
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
    eightBitBody: form.eightBitBody && !needs.eightBit,
    longLines: false,
    form: `${form.form}${needs.eightBit ? ' 7bit' : ' 8bit'}${needs.longLines ? ' short lines' : ''}`,
  };
}
