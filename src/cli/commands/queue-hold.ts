/** `queue hold`, `queue release` and `queue holds`: mail kept back by sending domain, destination, site or message, or all of it. */
import type { Command } from 'commander';
import { type Cli, report, serverCommand } from '../cli.js';
import { WrongUsage } from '../command-errors.js';
import { connect, type ServerOptions } from '../connect.js';
import { renderTable } from '../table.js';
import type { Paint } from '../terminal.js';
import { timeText } from '../time-text.js';

interface WireHold {
  domain: string | null;
  destination: string | null;
  site: string | null;
  message: number | null;
  reason: string;
  at: string;
}

interface HoldOptions {
  domain?: string;
  destination?: string;
  site?: string;
  message?: string;
  all?: boolean;
}

export function queueHold(cli: Cli): Command {
  return withHoldFilters(serverCommand(cli, 'hold', 'keep mail back until "queue release", what comes later included; it still expires'))
    .option('--reason <text>', 'shown by "queue show"')
    .action(async (options: ServerOptions & HoldOptions & { reason?: string }) => {
      const form = { ...formOf('hold', options), reason: options.reason };
      const answer = await connect(cli, options).post<WireHold>('/mailwagon/v1/queue/hold', form);
      report(cli, options, answer, (paint) => renderHolds(paint, [answer], ''));
    });
}

export function queueRelease(cli: Cli): Command {
  return withHoldFilters(serverCommand(cli, 'release', 'end the holds made with exactly these options, or all')).action(
    async (options: ServerOptions & HoldOptions) => {
      const answer = await connect(cli, options).post<{ items: WireHold[] }>('/mailwagon/v1/queue/release', formOf('release', options));
      report(cli, options, answer, (paint) =>
        renderHolds(paint, answer.items, 'Nothing was held in that way: see "mailwagon queue holds".'),
      );
    },
  );
}

export function queueHolds(cli: Cli): Command {
  return serverCommand(cli, 'holds', 'list what is held').action(async (options: ServerOptions) => {
    const answer = await connect(cli, options).get<{ items: WireHold[] }>('/mailwagon/v1/queue/holds');
    report(cli, options, answer, (paint) => renderHolds(paint, answer.items, 'Nothing is held.'));
  });
}

function withHoldFilters(command: Command): Command {
  return command
    .option('--domain <domain>', 'sent as this domain')
    .option('--destination <domain>', 'going to this domain')
    .option('--site <name>', 'going to the servers of this name, whatever the domain')
    .option('--message <id>', 'of this message (its number or Message-ID)')
    .option('--all', 'everything of the account');
}

function formOf(verb: string, { domain, destination, site, message, all }: HoldOptions) {
  const filters = { domain, destination, site, message };
  const isFiltered = Object.values(filters).some((value) => value !== undefined);
  if (isFiltered === (all === true)) throw new WrongUsage(`say what to ${verb}: --domain, --destination, --site, --message, or --all`);
  return all ? { all: 'yes' } : filters;
}

function renderHolds(paint: Paint, holds: readonly WireHold[], none: string): string {
  const rows = holds.map(({ domain, destination, site, message, reason, at }) => [
    domain ?? '*',
    destination ?? '*',
    site ?? '*',
    message === null ? '*' : String(message),
    timeText(at),
    reason,
  ]);
  return renderTable(paint, ['DOMAIN', 'DESTINATION', 'SITE', 'MESSAGE', 'SINCE', 'REASON'], rows, none);
}
