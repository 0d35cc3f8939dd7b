/** An answer that is sent while it is read: it may be larger than memory should be. */
import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

export class StreamAnswer {
  readonly headers: Record<string, string>;
  readonly content: AsyncIterable<Uint8Array | string>;

  constructor(headers: Record<string, string>, content: AsyncIterable<Uint8Array | string>) {
    this.headers = headers;
    this.content = content;
  }
}

/**
 * Sends it with status 200. What fails before the first piece is thrown, so that it can still be answered; after that the connection is cut, which
 * tells the client that something is missing. A client that goes away is no failure.
 */
export async function sendStream(response: ServerResponse, { headers, content }: StreamAnswer): Promise<void> {
  const pieces = content[Symbol.asyncIterator]();
  const first = await pieces.next();
  async function* all() {
    try {
      for (let piece = first; piece.done !== true; piece = await pieces.next()) yield piece.value;
    } finally {
      await pieces.return?.();
    }
  }
  if (response.destroyed) {
    await pieces.return?.();
    return;
  }
  response.writeHead(200, headers);
  try {
    await pipeline(Readable.from(all()), response);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ERR_STREAM_PREMATURE_CLOSE')) throw error;
  }
}
