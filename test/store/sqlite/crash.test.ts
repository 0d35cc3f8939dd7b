/** kill -9 while messages are being put. It proves the order (commit before the answer); that the commit reaches the disk is proved by open-database.test.ts. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openStores } from '#store';
import { tempDir } from '../../support/temp-dir.mjs';
import { waitFor } from '../../support/wait-for.mjs';
import { startChild } from '../support/start-child.ts';

let folder: ReturnType<typeof tempDir>;
beforeEach(() => {
  folder = tempDir();
});
afterEach(() => folder.cleanup());

describe('kill -9', () => {
  it('loses nothing that was acknowledged, and keeps the spool consistent', async () => {
    const acknowledged = new Set<number>();
    for (const atLeast of [1, 100, 300, 40]) {
      const child = startChild('put', folder.path);
      await child.line('open');
      await waitFor(() => child.lines.length > atLeast);
      await child.kill('SIGKILL');
      for (const line of child.lines.slice(1)) acknowledged.add(Number(line));
    }
    const stores = await openStores({
      dataDir: folder.path,
      onFatal: (error) => {
        throw error;
      },
    });
    try {
      const open = await stores.spool.list({ account: 1, limit: 1e6 });
      const messages = new Set(open.map(({ message }) => message));
      expect([...acknowledged].filter((id) => !messages.has(id))).toEqual([]);
      expect(acknowledged.size).toBeGreaterThan(440);
      const bodies: string[] = [];
      for (const id of messages) {
        const body = (await stores.spool.message(id))?.body;
        if (body?.kind !== 'file') continue;
        bodies.push(body.name);
        let size = 0;
        for await (const chunk of stores.spool.openBody(body)) size += chunk.byteLength;
        expect(size).toBe(200_000);
      }
      const files = readdirSync(join(folder.path, 'spool'), { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
      expect(files.map(({ name }) => name).sort()).toEqual(bodies.sort());
    } finally {
      await stores.close();
    }
  });
});
