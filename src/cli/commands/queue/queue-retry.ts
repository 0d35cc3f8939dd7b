/** `queue retry`, and the part that it shares with `queue cancel`: both act on deliveries that are named by id, by filter or with --all. */
import type { Command } from 'commander';
import type { QueueChangeAnswer } from '#api';
import { connect, type ServerOptions } from '../../ask/connect.js';
import { accountCommand, type Cli, report } from '../../cli.js';
import { CommandFailed, WrongUsage } from '../../command-errors.js';
import { timeText } from '../../render/time-text.js';
import { type FilterOptions, filterFields, withFilters } from './queue-list.js';

export function queueRetry(cli: Cli): Command {
  return selectingCommand(cli, 'retry', 'make deliveries due now').action(async (ids: string[], options: SelectOptions) => {
    await changeSelected(cli, 'retry', ids, options, ({ count, left, resting = [] }) =>
      [
        `${deliveries(count)} due now`,
        ...(left === undefined ? [] : [`${left} left as they are: being attempted now, or scheduled by their sender`]),
        ...resting.map((one) => `${one.count} still resting: ${one.reason}${one.until === null ? '' : ` (until ${timeText(one.until)})`}`),
      ].join('\n'),
    );
  });
}

export interface SelectOptions extends ServerOptions, FilterOptions {
  all?: boolean;
}

/** Makes a command whose action gets ids and SelectOptions. */
export function selectingCommand(cli: Cli, verb: 'retry' | 'cancel', description: string): Command {
  return withFilters(accountCommand(cli, verb, description))
    .argument('[id...]', 'ids that "queue list" shows')
    .option('--all', 'every open delivery of the account (with --account all: of the server)');
}

/** Throws WrongUsage if nothing is selected, or if the selection is made in two ways at once. */
export function checkSelection(verb: string, ids: readonly string[], options: SelectOptions): void {
  const byFilter = Object.values(filterFields(options)).some((value) => value !== undefined);
  const ways = [ids.length > 0, byFilter, options.all === true].filter(Boolean).length;
  if (ways !== 1) throw new WrongUsage(`say which deliveries to ${verb}: ids, or filters such as --destination, or --all`);
}

/** Applies `verb` and reports. Then throws CommandFailed if an id belongs to no open delivery. */
export async function changeSelected(
  cli: Cli,
  verb: 'retry' | 'cancel',
  ids: readonly string[],
  options: SelectOptions,
  render: (answer: QueueChangeAnswer) => string,
): Promise<void> {
  checkSelection(verb, ids, options);
  const form = { account: options.account, ...(options.all ? { all: 'yes' } : { ...filterFields(options), id: ids }) };
  const answer = await connect(cli, options).post<QueueChangeAnswer>(`/mailwagon/v1/queue/${verb}`, form);
  report(cli, options, answer, () => render(answer));
  const { unknown = [] } = answer;
  if (unknown.length > 0) throw new CommandFailed(`No open delivery has the id ${unknown.join(', ')}: see "mailwagon queue list"`);
}

/** `1 delivery is`, `7 deliveries are`. */
export const deliveries = (count: number): string => (count === 1 ? '1 delivery is' : `${count} deliveries are`);
