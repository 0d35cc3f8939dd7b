/** `queue hold`, `queue release` and `queue holds`: mail kept back by sending domain, destination, site or message, or all of it. */
import type { Command } from 'commander';
import { connect, type ServerOptions } from '../../ask/connect.js';
import { accountCommand, type Cli, report } from '../../cli.js';
import { CommandFailed, WrongUsage } from '../../command-errors.js';
import { renderTable } from '../../render/table.js';
import { timeText } from '../../render/time-text.js';
import type { Paint } from '../../terminal.js';
import { showsOwners } from './queue-list.js';

interface WireHold {
  account?: string;
  by: 'account' | 'operator';
  domain: string | null;
  destination: string | null;
  site: string | null;
  message: number | null;
  reason: string;
  at: string;
}

interface HoldOptions {
  account?: string;
  domain?: string;
  destination?: string;
  site?: string;
  message?: string;
  all?: boolean;
}

export function queueHold(cli: Cli): Command {
  return withHoldFilters(accountCommand(cli, 'hold', 'keep mail back until "queue release", what comes later included; it still expires'))
    .option('--reason <text>', 'shown by "queue show"')
    .action(async (options: ServerOptions & HoldOptions & { reason?: string }) => {
      const form = { ...formOf('hold', options), reason: options.reason };
      const answer = await connect(cli, options).post<WireHold>('/mailwagon/v1/queue/hold', form);
      report(cli, options, answer, (paint) => `Held back until it is released:\n${renderHolds(paint, [answer], '', options.account)}`);
    });
}

export function queueRelease(cli: Cli): Command {
  return withHoldFilters(accountCommand(cli, 'release', 'end the holds made with exactly these options, or all')).action(
    async (options: ServerOptions & HoldOptions) => {
      const answer = await connect(cli, options).post<{ items: WireHold[] }>('/mailwagon/v1/queue/release', formOf('release', options));
      if (answer.items.length === 0 && !options.all)
        throw new CommandFailed('Nothing was held in exactly that way: see "mailwagon queue holds"');
      report(cli, options, answer, (paint) =>
        answer.items.length === 0 ? 'Nothing was held.' : `Released:\n${renderHolds(paint, answer.items, '', options.account)}`,
      );
    },
  );
}

export function queueHolds(cli: Cli): Command {
  return accountCommand(cli, 'holds', 'list what is held').action(async (options: ServerOptions & { account?: string }) => {
    const answer = await connect(cli, options).get<{ items: WireHold[] }>('/mailwagon/v1/queue/holds', { account: options.account });
    report(cli, options, answer, (paint) => renderHolds(paint, answer.items, 'Nothing is held.', options.account));
  });
}

function withHoldFilters(command: Command): Command {
  return command
    .option('--domain <domain>', 'sent as this domain')
    .option('--destination <domain>', 'going to this domain')
    .option('--site <name>', 'going to the servers of this name, whatever the domain')
    .option('--message <id>', 'of this message (its number or Message-ID)')
    .option('--all', 'everything of the account (with --account all: of the server)');
}

function formOf(verb: string, { account, domain, destination, site, message, all }: HoldOptions) {
  const filters = { domain, destination, site, message };
  const isFiltered = Object.values(filters).some((value) => value !== undefined);
  if (isFiltered === (all === true)) throw new WrongUsage(`say what to ${verb}: --domain, --destination, --site, --message, or --all`);
  return { account, ...(all ? { all: 'yes' } : filters) };
}

function renderHolds(paint: Paint, holds: readonly WireHold[], none: string, account: string | undefined): string {
  const isAll = showsOwners(account);
  const rows = holds.map(({ account: whose = '', by, domain, destination, site, message, reason, at }) => [
    ...(isAll ? [whose] : []),
    domain ?? '*',
    destination ?? '*',
    site ?? '*',
    message === null ? '*' : String(message),
    timeText(at),
    by,
    reason,
  ]);
  return renderTable(
    paint,
    [...(isAll ? ['ACCOUNT'] : []), 'DOMAIN', 'DESTINATION', 'SITE', 'MESSAGE', 'SINCE', 'BY', 'REASON'],
    rows,
    none,
  );
}
