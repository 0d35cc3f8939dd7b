/** `queue cancel`: ends deliveries with an event that says so; asks before it ends all of them. */
import type { Command } from 'commander';
import { confirm, withYes } from '../../ask/confirm.js';
import type { Cli } from '../../cli.js';
import { changeSelected, checkSelection, deliveries, type SelectOptions, selectingCommand } from './queue-retry.js';

export function queueCancel(cli: Cli): Command {
  return withYes(selectingCommand(cli, 'cancel', 'end deliveries without sending them')).action(
    async (ids: string[], options: SelectOptions & { yes?: boolean }) => {
      checkSelection('cancel', ids, options);
      if (options.all) await confirm(cli, options, `All open deliveries of ${whose(options.account)} end without being sent`);
      await changeSelected(cli, 'cancel', ids, options, ({ count, left }) =>
        [`${deliveries(count)} cancelled`, ...(left === undefined ? [] : [`${left} left as they are: being attempted now`])].join('\n'),
      );
    },
  );
}

const whose = (account: string | undefined): string =>
  account === undefined ? 'the account' : account.toLowerCase() === 'all' ? 'every account' : `account ${account}`;
