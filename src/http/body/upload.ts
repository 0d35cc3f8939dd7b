/** One uploaded file: in memory while it is small, else in a file that has no name any more, so that nothing is left behind even by a crash. */
import { type FileHandle, open, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { randomToken, StoreError } from '#core';

const CHUNK = 64 * 1024;

export interface Upload {
  /** `''` when the part had none. Never holds a folder or a control character. */
  filename: string;
  /** Media type with its parameters, as it was given; `''` when the part had none. */
  contentType: string;
  /** Bytes. */
  size: number;
  /** The content while it is in memory, undefined while it is in a file. */
  bytes(): Uint8Array | undefined;
  /** The content from its beginning; may be opened several times, also at once. Lazy: an unread stream holds nothing. */
  open(): Readable;
  /** Lets go of the content. Safe to call twice. */
  dispose(): Promise<void>;
}

/** Receives one part. Throws StoreError when the temporary folder has no room or fails, and keeps nothing then. */
export async function receiveUpload(
  part: { filename: string; contentType: string; content: AsyncIterable<Uint8Array> },
  options: { tempDir: string; memoryPerFile: number },
): Promise<Upload> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  let file: FileHandle | undefined;
  try {
    for await (const chunk of part.content) {
      size += chunk.byteLength;
      chunks.push(chunk);
      if (file === undefined && size <= options.memoryPerFile) continue;
      file ??= await stored(openNameless(options.tempDir));
      for (const waiting of chunks.splice(0)) await stored(writeAll(file, waiting));
    }
  } catch (error) {
    await file?.close().catch(() => undefined);
    throw error;
  }
  const facts = { filename: part.filename, contentType: part.contentType, size };
  return file === undefined ? inMemory(facts, chunks) : onDisk(facts, file);
}

type Facts = Pick<Upload, 'filename' | 'contentType' | 'size'>;

function inMemory(facts: Facts, chunks: Uint8Array[]): Upload {
  const kept = [...chunks];
  return {
    ...facts,
    bytes: () => {
      if (kept.length > 1) kept.splice(0, kept.length, Buffer.concat(kept));
      return kept[0] ?? Buffer.alloc(0);
    },
    open: () => Readable.from([...kept], { objectMode: false }),
    dispose: async () => {
      kept.length = 0;
    },
  };
}

function onDisk(facts: Facts, file: FileHandle): Upload {
  async function* read(): AsyncGenerator<Buffer> {
    for (let position = 0; position < facts.size; ) {
      const { bytesRead, buffer } = await stored(file.read(Buffer.allocUnsafe(CHUNK), 0, CHUNK, position));
      if (bytesRead === 0) throw new StoreError('failed', 'An upload is shorter than it was');
      position += bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
  }
  let closed: Promise<void> | undefined;
  return {
    ...facts,
    bytes: () => undefined,
    open: () => Readable.from(read(), { objectMode: false }),
    dispose: () => {
      closed ??= file.close();
      return closed;
    },
  };
}

/** Private (0600), and unlinked at once: only the open handle leads to it. */
async function openNameless(folder: string): Promise<FileHandle> {
  const path = join(folder, `upload-${randomToken(16)}`);
  const file = await open(path, 'wx+', 0o600);
  await unlink(path);
  return file;
}

async function writeAll(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.byteLength; ) done += (await file.write(bytes, done)).bytesWritten;
}

/** A failure of the disk is no fault of the request: it becomes a StoreError. */
const stored = <T>(work: Promise<T>): Promise<T> =>
  work.catch((error: NodeJS.ErrnoException) => {
    const isFull = error.code === 'ENOSPC' || error.code === 'EDQUOT';
    throw isFull
      ? new StoreError('full', 'No room for uploads', { cause: error })
      : new StoreError('failed', `An upload could not be kept: ${error.message}`, { cause: error });
  });
