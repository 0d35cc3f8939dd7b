/** `queue show ID`: everything known of one open delivery. */
import type { Command } from 'commander';
import { type Cli, report, serverCommand } from '../cli.js';
import { connect, type ServerOptions } from '../connect.js';
import { renderFields } from '../table.js';
import { timeText } from '../time-text.js';
import type { WireDelivery } from './queue-list.js';

export function queueShow(cli: Cli): Command {
  return serverCommand(cli, 'show', 'show one open delivery')
    .argument('<id>', 'the id that "queue list" shows')
    .action(async (id: string, options: ServerOptions) => {
      const item = await connect(cli, options).get<WireDelivery>(`/mailwagon/v1/queue/${encodeURIComponent(id)}`);
      report(cli, options, item, (paint) =>
        renderFields(paint, [
          ['id', String(item.id)],
          ['message-id', item.message_id],
          ['domain', item.domain],
          ['sender', item.sender === '' ? '<>' : item.sender],
          ['recipient', item.recipient],
          ['subject', item.subject],
          ['size', `${item.size} bytes`],
          ['priority', item.priority],
          ['accepted', timeText(item.accepted_at)],
          ['due', timeText(item.due)],
          ['expires', timeText(item.expires_at)],
          ['attempts', item.attempts],
          ['last answer', item.last ? { text: `${item.last.code} ${item.last.message}`, paint: paint.yellow } : undefined],
          ['from server', item.last?.mx_host],
        ]),
      );
    });
}
