/** Makes the message of this recipient, and fit for this peer, before it is signed: other encodings when it takes no 8-bit bytes, and when a line is too long for anybody. */
import { bodySize, type Message, Refusal } from '#core';
import { bodyHashOf, joinHead, parseHead, reencodeFor7Bit, SealedContent } from '#mail';
import type { SpoolStore } from '#store';
import type { Workers } from '#workers';
import { failed, ownReply } from './end-attempt.js';
import { makeMergeMessage } from './merge-message.js';
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

export function makeRender({ spool, workers }: { spool: Bodies; workers: Pick<Workers, 'run' | 'atOnce'> }): Step {
  const mergeMessage = makeMergeMessage({ spool, workers });
  const makeFit = makeFitting();

  async function merged(attempt: Attempt): Promise<StepResult> {
    try {
      return makeFit(attempt, await mergeMessage(attempt.message, attempt.delivery));
    } catch (error) {
      if (error instanceof Refusal) return failed(attempt, 'local', ownReply(error.smtpCode, error.enhancedCode, error.publicText));
      throw error;
    }
  }

  return {
    name: 'render',
    worksOnMessage: true,
    run: (attempt) => (attempt.message.merge === undefined ? makeFit(attempt, storedForm(attempt.message, spool)) : merged(attempt)),
  };
}

/** Messages that were encoded anew and are kept for their next recipient; each has a small body, or none in memory. */
const MAX_KEPT = 16;

/** What all recipients get alike is encoded and hashed once for those who are served together. */
function makeFitting(): (attempt: Attempt, form: Rendered) => StepResult | Promise<StepResult> {
  const kept = new Map<string, Promise<Rendered>>();

  function reencodeOnce({ message }: Attempt, form: Rendered, reasons: Reasons): Promise<Rendered> {
    if (message.merge !== undefined) return reencode(form, reasons);
    const key = `${message.id} ${reasons.eightBit} ${reasons.longLines}`;
    const made = kept.get(key) ?? reencode(form, reasons);
    kept.delete(key);
    kept.set(key, made);
    // A failure is not kept: the next recipient tries anew.
    made.catch(() => kept.delete(key));
    for (const oldest of kept.keys()) {
      if (kept.size <= MAX_KEPT) break;
      kept.delete(oldest);
    }
    return made;
  }

  return (attempt, form) => {
    const eightBit = form.eightBitBody && attempt.session?.capabilities.eightBitMime !== true;
    attempt.rendered = form;
    if (!eightBit && !form.longLines) return 'next';
    return reencodeOnce(attempt, form, { eightBit, longLines: form.longLines }).then(
      (rendered) => {
        attempt.rendered = rendered;
        return 'next';
      },
      (error) => {
        if (!(error instanceof SealedContent)) throw error;
        return failed(attempt, 'local', ownReply(554, '5.6.2', sealedText(error, attempt)));
      },
    );
  };
}

/** Encoded anew it would arrive, and be taken for forged (RFC 3463 3.7: conversion required and prohibited). */
function sealedText({ unfitness }: SealedContent, { connection }: Attempt): string {
  const part = 'a signed or encrypted part, which may not be encoded anew';
  return unfitness === 'eightBit'
    ? `Message has 8-bit bytes in ${part}, and ${connection.mxHost ?? 'the server'} takes none (8BITMIME)`
    : `Message has a line of more than 998 bytes in ${part}`;
}

interface Reasons {
  eightBit: boolean;
  longLines: boolean;
}

/**
 * Small bodies are kept; large ones are read twice, once for their hash and size and once to be sent, so that memory stays bounded. The codec
 * promises the same bytes both times.
 */
async function reencode(form: Rendered, reasons: Reasons): Promise<Rendered> {
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
