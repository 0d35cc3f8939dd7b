/**
 * Bodies of messages. Up to 128 kB they stay in memory. A larger body is a file in the spool folder, with a random name. The file and its folders
 * are on disk before finish() resolves. Sub-folders by the first two digits of the name keep each folder small.
 */
import { createReadStream, readdirSync, rmSync } from 'node:fs';
import { type FileHandle, mkdir, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Body, randomHexId, StoreError } from '#core';
import type { BodyWriter } from '../../../spool-store.js';
import type { Connection } from '../database/open-database.js';
import { toStoreError } from '../database/wire-error.js';

/** Bodies up to this many bytes stay in memory and go into the database. */
const INLINE_LIMIT = 131_072;
/** Bytes collected before they are written to the file. */
const WRITE_SIZE = 262_144;
const NAME = /^[0-9a-f]{24}$/;

export interface BodyFiles {
  newBody(): BodyWriter;
  openBody(body: Body): AsyncIterable<Uint8Array>;
  /** Unlinks a body file. It is no error if the file is already gone. Throws StoreError. */
  remove(name: string): Promise<void>;
}

export function makeBodyFiles(spoolDir: string): BodyFiles {
  const folderOf = (name: string) => join(spoolDir, name.slice(0, 2));
  const pathOf = (name: string) => {
    if (!NAME.test(name)) throw new StoreError('failed', 'not the name of a body file');
    return join(folderOf(name), name);
  };
  const remove = (name: string) => guard(() => rm(pathOf(name), { force: true }));

  async function createFile(): Promise<{ name: string; handle: FileHandle }> {
    const name = randomHexId();
    await mkdir(folderOf(name), { recursive: true, mode: 0o700 });
    return { name, handle: await open(pathOf(name), 'wx', 0o600) };
  }

  /**
   * Syncs the file, then its folder, then the folder that contains that folder, because another writer may have made that folder only a moment ago.
   */
  async function makeDurable(name: string, handle: FileHandle): Promise<void> {
    await handle.sync();
    await handle.close();
    for (const folder of [folderOf(name), spoolDir]) {
      const descriptor = await open(folder, 'r');
      await descriptor.sync().finally(() => descriptor.close());
    }
  }

  return {
    newBody: () => makeBodyWriter({ createFile, makeDurable, remove }),
    async *openBody(body) {
      if (body.kind === 'inline') {
        if (body.bytes.byteLength > 0) yield body.bytes;
        return;
      }
      yield* readWhole(pathOf(body.name), body.size);
    },
    remove,
  };
}

async function* readWhole(path: string, size: number): AsyncGenerator<Uint8Array> {
  let read = 0;
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: 65_536 })) {
      read += chunk.byteLength;
      yield chunk;
    }
  } catch (error) {
    throw toStoreError(error);
  }
  if (read !== size) throw new StoreError('failed', `body file has ${read} bytes instead of ${size}`);
}

interface FileOperations {
  createFile(): Promise<{ name: string; handle: FileHandle }>;
  makeDurable(name: string, handle: FileHandle): Promise<void>;
  remove(name: string): Promise<void>;
}

function makeBodyWriter({ createFile, makeDurable, remove }: FileOperations): BodyWriter {
  let chunks: Uint8Array[] = [];
  let buffered = 0;
  let size = 0;
  let file: { name: string; handle: FileHandle } | undefined;
  let isDiscarded = false;
  // Writes run one after the other. After one has failed, every later step fails with the same error.
  let tail: Promise<void> = Promise.resolve();

  async function flush(): Promise<void> {
    if (isDiscarded) throw new StoreError('failed', 'the body was discarded');
    file ??= await createFile();
    const taken = Buffer.concat(chunks);
    chunks = [];
    buffered = 0;
    await file.handle.appendFile(taken);
  }

  const enqueue = (step: () => Promise<void>): Promise<void> => {
    tail = tail.then(() => guard(step));
    // Avoids an unhandled rejection. The caller gets the error from the write it awaits, or else from finish().
    tail.catch(() => undefined);
    return tail;
  };

  return {
    write(chunk) {
      chunks.push(chunk);
      buffered += chunk.byteLength;
      size += chunk.byteLength;
      if (size <= INLINE_LIMIT || buffered < WRITE_SIZE) return undefined;
      return enqueue(flush);
    },
    async finish() {
      if (size <= INLINE_LIMIT) return { kind: 'inline', bytes: concatenate(chunks, size) };
      await enqueue(async () => {
        await flush();
        if (file) await makeDurable(file.name, file.handle);
      });
      return { kind: 'file', name: file?.name ?? '', size };
    },
    async discard() {
      isDiscarded = true;
      chunks = [];
      await tail.catch(() => undefined);
      if (!file) return;
      const { name, handle } = file;
      file = undefined;
      await handle.close().catch(() => undefined);
      await remove(name);
    },
  };
}

/** One array that owns its whole buffer, so that sending it to a thread copies only these bytes. */
function concatenate(chunks: Uint8Array[], size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.byteLength;
  }
  return bytes;
}

async function guard(step: () => Promise<void>): Promise<void> {
  try {
    await step();
  } catch (error) {
    throw toStoreError(error);
  }
}

/**
 * Runs at open, before anything is accepted. Unlinks body files that no message names: after a crash between file and commit, or between a sweep's
 * commit and its unlink. Works on one sub-folder at a time. Gives how many files were removed. Anything in the folder that is not a body file stays.
 */
export function removeOrphanBodies(database: Connection, spoolDir: string): number {
  const named = database.prepare<[string, string], { name: string }>(
    'SELECT body_file AS name FROM message WHERE body_file >= ? AND body_file < ?',
  );
  let removed = 0;
  for (const entry of readdirSync(spoolDir, { withFileTypes: true })) {
    if (!entry.isDirectory() || !/^[0-9a-f]{2}$/.test(entry.name)) continue;
    const orphans = new Set(readdirSync(join(spoolDir, entry.name)).filter((name) => /^[0-9a-f]{24}$/.test(name)));
    // 'g' sorts after every hex digit, so the range holds all names that begin with the two digits of the folder.
    for (const { name } of named.iterate(entry.name, `${entry.name}g`)) orphans.delete(name);
    for (const name of orphans) rmSync(join(spoolDir, entry.name, name), { force: true });
    removed += orphans.size;
  }
  return removed;
}
