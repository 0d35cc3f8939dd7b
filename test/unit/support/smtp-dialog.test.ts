import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '#core';
import { makeSelfSignedCertificate } from '#net';
import { type ScriptedMx, startScriptedMx } from '../../support/scripted-mx.mjs';
import { runDialog } from '../../support/smtp-dialog.mjs';
import { tempDir } from '../../support/temp-dir.mjs';

let mx: ScriptedMx;
const folder = tempDir();
beforeAll(async () => {
  const tls = await makeSelfSignedCertificate({ hostname: 'mx.test', notBefore: systemClock.now() - 60_000 });
  mx = await startScriptedMx({ tls, auth: { user: 'u', pass: 'p' } });
});
afterAll(async () => {
  folder.cleanup();
  await mx.close();
});

function play(text: string, variables: Record<string, string> = {}): Promise<string[]> {
  const file = join(folder.path, 'dialog.txt');
  writeFileSync(file, text);
  return runDialog(file, mx.port, { variables, timeoutMs: 1000 });
}

describe('runDialog', () => {
  it('plays every kind of line', async () => {
    const text = [
      '# a session',
      's: 220 mx.test*',
      'c: EHLO me',
      's: 250-mx.test*SIZE*250 AUTH PLAIN LOGIN',
      'c: STARTTLS',
      's: 220*',
      'starttls',
      'c: EHLO me',
      's: /250 AUTH PLAIN LOGIN$/',
      // biome-ignore lint/suspicious/noTemplateCurlyInString: the placeholder of a dialog file
      'c: AUTH PLAIN ${login}',
      's: 235*',
      '',
      'raw: MAIL FROM:<a@a.test>\\r\\nRCPT TO:<b@b.test>\\r\\nDATA\\r\\n',
      's: 250 2.1.0*',
      's: 250 2.1.5*',
      's: 354*',
      'raw: \\x41\\\\\\t\\0ä\\r\\n.\\r\\n',
      's: 250*',
      'c: QUIT',
      's: 221*',
      'closed',
      'close',
    ].join('\n');
    const transcript = await play(text, { login: Buffer.from('\0u\0p').toString('base64') });
    expect(transcript).toContain('s: 235 2.7.0 Welcome');
    expect(mx.messages.at(-1)?.data.toString()).toBe('A\\\t\0ä\r\n');
    expect(mx.messages.at(-1)).toMatchObject({ tls: true, auth: 'u' });
  });

  it.each([
    ['s: 220*\nc: NOPE\ns: 250*', /dialog\.txt:3: s: 250\*\nexpected .*, got: 500 5\.5\.2/],
    ['s: 220*\ns: 250*', /dialog\.txt:2: .*\nnothing for 1000 ms/],
    ['s: 220*\nbogus line', /dialog\.txt:2: bogus line\nnot a line of a dialog/],
    ['s: 22', /expected .*, got: 220 mx\.test/],
  ])('says where it failed: %j', async (text, message) => {
    await expect(play(text)).rejects.toThrow(message);
  });
});
