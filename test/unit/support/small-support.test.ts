import { existsSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { freePort, freePorts } from '../../support/free-port.mjs';
import { tempDir } from '../../support/temp-dir.mjs';
import { waitFor } from '../../support/wait-for.mjs';

describe('waitFor', () => {
  it('gives the first value that is one', async () => {
    const values = [undefined, false, null, 0];
    expect(await waitFor(() => values.shift(), { intervalMs: 1 })).toBe(0);
    expect(await waitFor(async () => 'soon')).toBe('soon');
  });

  it('throws in the end, and at once when the probe does', async () => {
    await expect(waitFor(() => false, { timeoutMs: 20, intervalMs: 5, what: 'rain' })).rejects.toThrow('waited 20 ms in vain for rain');
    await expect(waitFor(() => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
  });
});

describe('freePorts', () => {
  it('are different and free', async () => {
    const ports = [...(await freePorts(20)), await freePort()];
    expect(new Set(ports.slice(0, 20)).size).toBe(20);
    for (const port of ports.slice(0, 3)) {
      const server = createServer();
      await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', resolve));
      server.close();
    }
  });
});

describe('tempDir', () => {
  it('is gone with all it holds', () => {
    const { path, cleanup } = tempDir();
    writeFileSync(join(path, 'file'), 'x');
    cleanup();
    expect(existsSync(path)).toBe(false);
  });
});
