/** `queue list`: the open deliveries, oldest first; the filters are those of `queue retry` and `queue cancel`. */
import type { Command } from 'commander';
import type { QueuedDeliveryJson } from '#api';
import { connect, type ServerOptions } from '../../ask/connect.js';
import { accountCommand, type Cli, report } from '../../cli.js';
import { WrongUsage } from '../../command-errors.js';
import { renderTable } from '../../render/table.js';
import { timeText } from '../../render/time-text.js';

export interface FilterOptions {
  /** Public id, or `all`. */
  account?: string;
  domain?: string;
  destination?: string;
  site?: string;
  recipient?: string;
  message?: string;
}

interface Page {
  items: QueuedDeliveryJson[];
  /** `after` of the page that follows. */
  next: number | string | null;
}

const PAGE = 100;

export function queueList(cli: Cli): Command {
  return withFilters(accountCommand(cli, 'list', 'list open deliveries'))
    .option('--limit <count>', 'at most this many', '100')
    .action(async (options: ServerOptions & FilterOptions & { limit: string }) => {
      const limit = Number(options.limit);
      if (!Number.isInteger(limit) || limit < 1) throw new WrongUsage(`--limit ${options.limit}: expected a whole number from 1`);
      const api = connect(cli, options);
      const items: QueuedDeliveryJson[] = [];
      let next: Page['next'] = null;
      do {
        const query = {
          account: options.account,
          ...filterFields(options),
          limit: Math.min(PAGE, limit - items.length),
          after: next ?? undefined,
        };
        const page: Page = await api.get<Page>('/mailwagon/v1/queue', query);
        items.push(...page.items);
        next = page.next;
      } while (next !== null && items.length < limit);
      report(cli, options, { items, next }, (paint) => {
        const isAll = showsOwners(options.account);
        const rows = items.map((item) => [
          String(item.id),
          ...(isAll ? [item.account ?? ''] : []),
          item.sender === '' ? '<>' : item.sender,
          item.recipient,
          timeText(item.due),
          item.attempts,
          item.last ? `${item.last.code} ${item.last.message}` : '',
        ]);
        const table = renderTable(
          paint,
          ['ID', ...(isAll ? ['ACCOUNT'] : []), 'SENDER', 'RECIPIENT', 'DUE', 'ATTEMPTS', 'LAST ANSWER'],
          rows,
          'The queue is empty.',
        );
        return next !== null ? `${table}\n${paint.dim('There are more: raise --limit or filter.')}` : table;
      });
    });
}

/** True if the list has more than one account, so that each row must name its account. */
export const showsOwners = (account: string | undefined): boolean => account?.toLowerCase() === 'all';

/** Adds the options that select deliveries. */
export function withFilters(command: Command): Command {
  return command
    .option('--domain <domain>', 'sent as this domain')
    .option('--destination <domain>', 'going to this domain')
    .option('--site <name>', 'going to the servers of this name, whatever the domain')
    .option('--recipient <address>', 'going to this address')
    .option('--message <id>', 'of this message (its Message-ID)');
}

export const filterFields = ({ domain, destination, site, recipient, message }: FilterOptions) => ({
  domain,
  destination,
  site,
  recipient,
  message,
});
