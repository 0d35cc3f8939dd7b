/** Plays every dialog of this folder against a door with fakes behind it, and checks what intake was given. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { runDialog } from '../support/smtp-dialog.mjs';
import { startServer } from '../unit/smtp/support/server.js';
import { base64, plain } from '../unit/smtp/support/smtp-client.js';

const variables = {
  plain: plain('user@a.test', 'secret-a'),
  user: base64('user@a.test'),
  twoFields: base64('user@a.test\0secret-a'),
  fourFields: base64('\0user@a.test\0secret-a\0'),
  asOther: plain('user@a.test', 'secret-a', 'user@b.test'),
  asSelf: plain('user@a.test', 'secret-a', 'User@A.test'),
  letters1000: 'x'.repeat(1000),
  letters3000: 'x'.repeat(3000),
};

/** Recipients of the messages that a dialog gets accepted; none for the others. */
const accepted: Record<string, string[][]> = {
  'paths.txt': [
    [
      '|/bin/id@ext.test',
      '"a b>c@d"@ext.test',
      'under_score@a_b.test',
      'victim%inner.test@ext.test',
      'inner.test!victim@ext.test',
      'space@ext.test',
    ],
  ],
  'senders.txt': [['y@ext.test']],
  'utf8.txt': [['用户@ext.test', 'x@xn--bcher-kva.test']],
  'pipelining.txt': [['y@ext.test'], ['y@ext.test']],
};

describe('dialogs', () => {
  const folder = import.meta.dirname;
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.txt'))) {
    test(file, async () => {
      const { port, intake } = await startServer();
      const transcript = await runDialog(join(folder, file), port, { variables });
      expect(intake.kept.map((kept) => kept.recipients)).toEqual(accepted[file] ?? []);
      // RFC 2034 4: every reply but the greeting, the ones to EHLO and 3xx has an enhanced code that agrees with its code.
      const replies = transcript.filter(
        (line) => /^s: [245]\d\d/.test(line) && !/^s: (?:220|250)[ -](?:mail\.a\.test|[A-Z0-9]+(?: |$))/.test(line),
      );
      for (const line of replies) expect(line).toMatch(/^s: ([245])\d\d[ -]\1\.\d{1,3}\.\d{1,3} ./);
    });
  }
});
