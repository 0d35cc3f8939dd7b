import { type ComposedMessage, joinHead, makeMessageReader, type ReadMessage } from '#mail';

export interface WholeMessage extends ReadMessage {
  body: Buffer;
}

/** Bytes cut into chunks of `size`. */
export function cut(bytes: Uint8Array, size: number): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  for (let start = 0; start < bytes.length; start += size) chunks.push(bytes.subarray(start, start + size));
  return chunks;
}

/** Puts raw bytes (a string stands for its UTF-8) through a reader and joins what it gives. */
export function readAll(
  raw: string | Uint8Array,
  options: { chunkSize?: number; maxSize?: number; maxHeadSize?: number } = {},
): WholeMessage {
  const bytes = typeof raw === 'string' ? Buffer.from(raw) : raw;
  const reader = makeMessageReader({
    maxSize: options.maxSize ?? 1e9,
    ...(options.maxHeadSize ? { maxHeadSize: options.maxHeadSize } : {}),
  });
  const body = cut(bytes, options.chunkSize ?? bytes.length + 1).flatMap((chunk) => reader.push(chunk));
  const end = reader.end();
  return { ...end, body: Buffer.concat([...body, ...end.lastBody]) };
}

/** Head, empty line and body as they go over the wire. */
export const wireOf = (message: { head: Uint8Array; body: Uint8Array }): Buffer =>
  Buffer.concat([message.head, Buffer.from('\r\n'), message.body]);

export async function join(chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<Buffer> {
  const all: Uint8Array[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return Buffer.concat(all);
}

/** A composed message as it goes over the wire. */
export async function bytesOf({ fields, body }: ComposedMessage): Promise<Buffer> {
  return wireOf({ head: joinHead(fields), body: body instanceof Uint8Array ? body : await join(body) });
}
