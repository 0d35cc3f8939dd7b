/** A file that is read and written whole: after a crash it is the old one or the new one, never a part of either. */
import { open, readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Undefined when there is none. */
export async function readSmallFile(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Durable when it resolves. One at a time for each file. */
export async function replaceSmallFile(file: string, text: string): Promise<void> {
  const partial = `${file}.partial`;
  const handle = await open(partial, 'w', 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(partial, file);
  const folder = await open(dirname(file), 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
