/** The server's own secret: what API keys are hashed with. It stays in the data folder and is as old as the first account. */
import { randomBytes } from 'node:crypto';
import { link, mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';

const fileOf = (dataDir: string) => join(dataDir, 'server.key');

/** 32 bytes, or undefined when the data folder has none yet. Throws when the file is not what was written. */
export async function readServerKey(dataDir: string): Promise<Uint8Array | undefined> {
  let text: string;
  try {
    text = await readFile(fileOf(dataDir), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  if (!/^[0-9a-f]{64}\n$/.test(text)) throw new Error(`${fileOf(dataDir)} is damaged: restore it from a backup`);
  return Buffer.from(text.trim(), 'hex');
}

/** Makes it (0600) when it is missing. */
export async function ensureServerKey(dataDir: string): Promise<Uint8Array> {
  const known = await readServerKey(dataDir);
  if (known !== undefined) return known;
  const key = randomBytes(32);
  await writeSecret(dataDir, 'server.key', `${key.toString('hex')}\n`);
  return key;
}

/** Writes a file only its owner can read, durably and whole or not at all; never over one that is there. */
export async function writeSecret(dataDir: string, name: string, text: string): Promise<void> {
  const draft = await writeDraft(dataDir, name, text);
  try {
    await link(draft, join(dataDir, name));
  } finally {
    await rm(draft, { force: true });
  }
  await syncFolder(dataDir);
}

/** Like `writeSecret`, in the place of a file that may be there. Whoever reads it meanwhile gets the whole old file or the whole new one. */
export async function replaceSecret(dataDir: string, name: string, text: string): Promise<void> {
  await rename(await writeDraft(dataDir, name, text), join(dataDir, name));
  await syncFolder(dataDir);
}

/** Takes the place of what an earlier run may have left unfinished. */
async function writeDraft(dataDir: string, name: string, text: string): Promise<string> {
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  const draft = join(dataDir, `${name}.new`);
  await rm(draft, { force: true });
  const file = await open(draft, 'wx', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  return draft;
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
