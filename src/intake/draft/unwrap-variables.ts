/**
 * Takes a message out of its variables container (manual page "Batch sending"): `multipart/mailgun-variables` with a part of type application/json
 * and one of type message/rfc822, which is the message that is sent.
 */
import { badRequest } from '#core';
import { decodeContent, firstValue, type HeadField, type MimePart, type MimeSink, makeMimeWalker } from '#mail';
import type { BodyWriter } from '#store';
import { parseRecipientVariables } from '../batch/recipient-variables.js';
import type { Draft } from './draft.js';
import { readContent } from './read-content.js';

/** Bytes of the JSON part as it stands in the message. */
const MAX_JSON = 8 * 1024 * 1024;
const SOURCE = 'The JSON of multipart/mailgun-variables';
/** What the message says of itself; the container's own fields of these names are about the container. */
const OF_THE_MESSAGE = /^(?:from|sender|reply-to|to|cc|bcc|subject|date|message-id|in-reply-to|references|mime-version|content-.*)$/;

export const isVariablesContainer = ({ head }: Pick<Draft, 'head'>): boolean =>
  /^[ \t]*multipart\/mailgun-variables\b/i.test(firstValue(head, 'content-type') ?? '');

/** The draft of the message within, its body read into `writer`. Fields of the container (options, `h:` parameters) come along. Refusal 400, StoreError. */
export async function unwrapVariables(draft: Draft, container: AsyncIterable<Uint8Array>, writer: BodyWriter): Promise<Draft> {
  const sink = new ContainerSink();
  const walker = makeMimeWalker(draft.head, sink, { openMessages: false });
  async function* message(): AsyncGenerator<Uint8Array> {
    for await (const chunk of container) {
      walker.push(chunk);
      yield* sink.take();
    }
    walker.end();
    yield* sink.take();
  }
  const read = await readContent(message(), writer);
  if (!sink.hasMessage) throw badRequest('multipart/mailgun-variables has no part of type message/rfc822');
  const json = sink.json();
  if (json === undefined) throw badRequest('multipart/mailgun-variables has no part of type application/json');
  return {
    ...draft,
    ...read,
    head: [...fieldsAround(draft.head, read.head), ...read.head],
    container: parseRecipientVariables(SOURCE, json),
  };
}

function fieldsAround(outer: readonly HeadField[], inner: readonly HeadField[]): HeadField[] {
  const names = new Set(inner.map((field) => field.lowerName));
  const missing = (name: string) => name === 'from' && !names.has('from');
  return outer.filter(({ lowerName }) => missing(lowerName) || !(OF_THE_MESSAGE.test(lowerName) || names.has(lowerName)));
}

class ContainerSink implements MimeSink {
  hasMessage = false;
  #json: Uint8Array[] | undefined;
  #jsonEncoding = '';
  #jsonSize = 0;
  #current: 'json' | 'message' | undefined;
  #message: Uint8Array[] = [];

  start(part: MimePart): void {
    this.#current = undefined;
    if (part.depth !== 1) return;
    if (part.contentType === 'application/json' && this.#json === undefined) {
      this.#json = [];
      this.#jsonEncoding = part.encoding;
      this.#current = 'json';
    } else if (part.contentType === 'message/rfc822' && !this.hasMessage) {
      // RFC 2046 5.2.1 allows no other encoding.
      if (!/^(?:7bit|8bit|binary)?$/.test(part.encoding))
        throw badRequest('The message in multipart/mailgun-variables must not be encoded');
      this.hasMessage = true;
      this.#current = 'message';
    }
  }

  content(bytes: Uint8Array): void {
    if (this.#current === 'message') this.#message.push(bytes);
    if (this.#current !== 'json') return;
    this.#jsonSize += bytes.byteLength;
    if (this.#jsonSize > MAX_JSON) throw badRequest(`${SOURCE} is too large`);
    this.#json?.push(Uint8Array.from(bytes));
  }

  finish(): void {}
  delimiter(): void {}
  filler(): void {}

  take(): Uint8Array[] {
    const taken = this.#message;
    this.#message = [];
    return taken;
  }

  json(): string | undefined {
    if (this.#json === undefined) return undefined;
    return Buffer.from(decodeContent(this.#jsonEncoding, Buffer.concat(this.#json))).toString('utf8');
  }
}
