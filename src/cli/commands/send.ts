/** `send`: sends one message through the HTTP API. */
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import type { Command } from 'commander';
import { parseAddressList } from '#mail';
import { ApiRefusal } from '../ask/api-client.js';
import { connect, type ServerOptions } from '../ask/connect.js';
import { type Cli, repeated, report, serverCommand } from '../cli.js';
import { CommandFailed, WrongUsage } from '../command-errors.js';

interface Options extends ServerOptions {
  from: string;
  to: string[];
  cc?: string[];
  bcc?: string[];
  subject?: string;
  text?: string;
  html?: string;
  attach?: string[];
  header?: string[];
  tag?: string[];
  testmode?: boolean;
  domain?: string;
}

export function sendCommand(cli: Cli): Command {
  return serverCommand(cli, 'send', 'send a message')
    .requiredOption('--from <address>', 'sender, with or without a display name')
    .requiredOption('--to <address>', 'recipient (repeat for more)', repeated)
    .option('--cc <address>', 'recipient of a copy (repeat for more)', repeated)
    .option('--bcc <address>', 'recipient of a hidden copy (repeat for more)', repeated)
    .option('--subject <text>')
    .option('--text <text>', 'plain text body; - reads standard input')
    .option('--html <html>', 'HTML body; - reads standard input')
    .option('--attach <file>', 'file to attach (repeat for more)', repeated)
    .option('--header <line>', 'header such as "Reply-To: help@example.com" (repeat for more)', repeated)
    .option('--tag <tag>', 'tag for the events (repeat for more)', repeated)
    .option('--testmode', 'accept and record, but deliver to nobody')
    .option('--domain <domain>', 'domain to send as (default: the domain of --from)')
    .action(async (options: Options) => {
      const path = `/v3/${encodeURIComponent(options.domain ?? senderDomain(options.from))}/messages`;
      const form = await messageForm(cli, options);
      const answer = await connect(cli, options)
        .post<{ id: string; message: string }>(path, form)
        .catch((error: unknown) => {
          throw withValue(error, options);
        });
      report(cli, options, answer, () => `${answer.message}\n${answer.id}`);
    });
}

function senderDomain(from: string): string {
  const domain = /@([^\s<>"@]+)>?\s*$/.exec(from)?.[1];
  if (domain === undefined)
    throw new WrongUsage(`"${from}" has no domain: write --from as alice@example.com or "Alice <alice@example.com>"`);
  return domain;
}

async function messageForm(cli: Cli, options: Options): Promise<FormData> {
  if (options.text === undefined && options.html === undefined)
    throw new WrongUsage('a message needs --text or --html (- reads standard input)');
  if (options.text === '-' && options.html === '-') throw new WrongUsage('only one of --text and --html can be read from standard input');
  const input = options.text === '-' || options.html === '-' ? await cli.terminal.readInput() : '';
  const form = new FormData();
  const add = (name: string, values: string | readonly string[] | undefined) => {
    for (const value of typeof values === 'string' ? [values] : (values ?? [])) form.append(name, value);
  };
  add('from', options.from);
  add('to', options.to);
  add('cc', options.cc);
  add('bcc', options.bcc);
  add('subject', options.subject);
  add('text', options.text === '-' ? input : options.text);
  add('html', options.html === '-' ? input : options.html);
  add('o:tag', options.tag);
  if (options.testmode) form.append('o:testmode', 'yes');
  for (const header of options.header ?? []) addHeader(form, header);
  for (const file of options.attach ?? []) form.append('attachment', await fileBlob(file), basename(file));
  return form;
}

/** The server's refusal names its parameter; this gives the name of the option instead. Only the server judges values, because it may take more than this version of the command knows. */
function withValue(error: unknown, options: Options): unknown {
  const name = error instanceof ApiRefusal ? /^(from|to|cc|bcc) parameter is not a valid address/.exec(error.message)?.[1] : undefined;
  if (name === undefined) return error;
  const values = [options[name as 'from' | 'to' | 'cc' | 'bcc'] ?? []].flat();
  const bad = values.filter((value) => !parseAddressList(value)?.length);
  const shown = (bad.length > 0 ? bad : values).map((value) => `--${name} "${value}"`).join(', ');
  return new CommandFailed(`${shown} is not an address: write it as alice@example.com or "Alice <alice@example.com>"`);
}

function addHeader(form: FormData, header: string): void {
  const colon = header.indexOf(':');
  if (colon < 1) throw new WrongUsage(`"${header}" is not a header: write it as "Name: value"`);
  form.append(`h:${header.slice(0, colon).trim()}`, header.slice(colon + 1).trim());
}

async function fileBlob(file: string): Promise<Blob> {
  try {
    return new Blob([await readFile(file)]);
  } catch (error) {
    throw new CommandFailed(`Cannot read the attachment ${file} (${(error as NodeJS.ErrnoException).code})`);
  }
}
