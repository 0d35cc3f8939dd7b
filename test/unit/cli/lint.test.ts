import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tempDir } from '../../support/temp-dir.mjs';
import { runCli } from './support/run-cli.ts';

const GOOD = 'From: news@shop.example\nTo: a@example.org\nSubject: Hello\n\nHello\n';
let dir: string;
let cleanup: () => void;
beforeAll(() => {
  ({ path: dir, cleanup } = tempDir('mailwagon-lint-'));
  writeFileSync(join(dir, 'good.eml'), GOOD);
});
afterAll(() => cleanup());

describe('lint', () => {
  it('exits 0 when there is nothing to say', async () => {
    expect(await runCli(['lint', join(dir, 'good.eml')])).toEqual({ code: 0, out: 'Nothing to say against it.', err: '' });
  });

  it('tells the warnings and exits 1', async () => {
    const { code, out } = await runCli(['lint', join(dir, 'good.eml'), '--bulk', '--domain', 'other.example', '--json']);
    expect(code).toBe(1);
    expect(JSON.parse(out).warnings.map(({ rule }: { rule: string }) => rule)).toEqual(['from-not-aligned', 'list-unsubscribe-missing']);
  });

  it('reads standard input', async () => {
    const { code, out } = await runCli(['lint', '-'], { input: GOOD.replace(/Subject.*\n/, '') });
    expect(code).toBe(1);
    expect(out).toMatch(/subject-missing +There is no subject/);
  });

  it('names a file that it cannot read', async () => {
    const file = join(dir, 'nowhere.eml');
    expect(await runCli(['lint', file])).toEqual({ code: 1, out: '', err: `Cannot read the message ${file} (ENOENT)` });
  });
});
