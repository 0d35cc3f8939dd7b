/** `queue retry` and what it shares with `queue cancel`: one verb on deliveries named by id, by filter or with --all. */
import type { Command } from 'commander';
import { accountCommand, type Cli, report } from '../cli.js';
import { WrongUsage } from '../command-errors.js';
import { connect, type ServerOptions } from '../connect.js';
import { type FilterOptions, filterFields, withFilters } from './queue-list.js';

export function queueRetry(cli: Cli): Command {
  return selectingCommand(cli, 'retry', 'make deliveries due now', (count) => `${count} deliveries are due now`);
}

/** A command that applies `verb` to the selected deliveries. Selecting nothing, or in two ways at once, is wrong usage. */
export function selectingCommand(cli: Cli, verb: 'retry' | 'cancel', description: string, done: (count: number) => string): Command {
  return withFilters(accountCommand(cli, verb, description))
    .argument('[id...]', 'ids that "queue list" shows')
    .option('--all', 'every open delivery of the account (with --account all: of the server)')
    .action(async (ids: string[], options: ServerOptions & FilterOptions & { all?: boolean }) => {
      const filters = filterFields(options);
      const byFilter = Object.values(filters).some((value) => value !== undefined);
      const ways = [ids.length > 0, byFilter, options.all === true].filter(Boolean).length;
      if (ways !== 1) throw new WrongUsage(`say which deliveries to ${verb}: ids, or filters such as --destination, or --all`);
      const form = { account: options.account, ...(options.all ? { all: 'yes' } : { ...filters, id: ids }) };
      const answer = await connect(cli, options).post<{ count: number }>(`/mailwagon/v1/queue/${verb}`, form);
      report(cli, options, answer, () => done(answer.count));
    });
}
