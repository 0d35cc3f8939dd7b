/** `lint FILE`: advice on a message before it is sent. Needs no server. */
import { createReadStream } from 'node:fs';
import type { Command } from 'commander';
import { type LintWarning, lintMessage, makeMessageReader, messageLimits, parseHead } from '#mail';
import { type Cli, newCommand, repeated, report } from '../cli.js';
import { CommandFailed } from '../command-errors.js';
import { renderTable } from '../render/table.js';
import type { Paint } from '../terminal.js';

interface Options {
  bulk?: boolean;
  domain?: string[];
  json?: boolean;
}

export function lintCommand(cli: Cli): Command {
  return newCommand(cli, 'lint', 'say what providers will hold against a message; exits 1 when there is something')
    .argument('<file>', 'message as it would be sent (.eml); - reads standard input')
    .option('--bulk', 'it goes to many people')
    .option('--domain <domain>', 'domain whose DKIM key signs it (repeat for more)', repeated)
    .option('--json', 'print JSON')
    .action(async (file: string, options: Options) => {
      const warnings = await lintFile(cli, file, options);
      report(cli, options, { warnings }, (paint) => renderWarnings(paint, warnings));
      if (warnings.length > 0) throw new CommandFailed(options.json ? `${warnings.length} warnings` : '');
    });
}

/** Reads the whole file, which may be as large as the largest message that the server takes. */
async function lintFile(cli: Cli, file: string, options: Options): Promise<LintWarning[]> {
  // Loaded here, because the store that it brings takes long to load.
  const { idleOptionsOf } = await import('#intake');
  const reader = makeMessageReader({ maxSize: messageLimits.message });
  const body: Uint8Array[] = [];
  const content = file === '-' ? [Buffer.from(await cli.terminal.readInput())] : createReadStream(file);
  try {
    for await (const chunk of content) body.push(...reader.push(chunk as Uint8Array));
    const { head, lastBody } = reader.end();
    const fields = parseHead(head);
    const asked = { signingDomains: options.domain, isBulk: options.bulk === true, idleOptions: idleOptionsOf(fields) };
    return await lintMessage(fields, [...body, ...lastBody], asked);
  } catch (error) {
    throw new CommandFailed(`Cannot read the message ${file} (${(error as NodeJS.ErrnoException).code ?? (error as Error).message})`);
  }
}

const renderWarnings = (paint: Paint, warnings: readonly LintWarning[]): string =>
  renderTable(
    paint,
    ['RULE', 'WHAT'],
    warnings.map(({ rule, message }) => [{ text: rule, paint: paint.yellow }, message]),
    'Nothing to say against it.',
  );
