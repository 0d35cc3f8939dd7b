/** `queue show ID`: everything known of a delivery or of all deliveries of a message, open or over: why it waits, how it ended, what was said. */
import type { Command } from 'commander';
import type { QueuedDeliveryJson } from '#api';
import { connect, type ServerOptions } from '../../ask/connect.js';
import { accountCommand, type Cli, report } from '../../cli.js';
import { renderTranscripts, type WireTranscript } from '../../render/render-transcripts.js';
import { renderFields } from '../../render/table.js';
import { timeText } from '../../render/time-text.js';
import type { Paint } from '../../terminal.js';

type WireStory = { conversations: WireTranscript[] } & (
  | (QueuedDeliveryJson & { state: 'open'; why: string; next_attempt_at: string | null })
  | {
      state: 'delivered' | 'failed' | 'over';
      id: number | null;
      account?: string;
      message_id: string;
      recipient: string;
      end: WireEnd | null;
    }
);

interface WireEnd {
  at: string;
  attempts: number;
  code: number;
  message: string;
  reason?: string;
  mx_host?: string;
  tls?: boolean;
}

export function queueShow(cli: Cli): Command {
  return accountCommand(cli, 'show', 'show a delivery, open or over: why it waits, how it ended, what was said')
    .argument('<id>', 'the id that "queue list" shows, or a Message-ID')
    .action(async (id: string, options: ServerOptions & { account?: string }) => {
      const path = `/mailwagon/v1/queue/${encodeURIComponent(id)}`;
      const answer = await connect(cli, options).get<WireStory | { items: WireStory[] }>(path, { account: options.account });
      const stories = 'items' in answer ? answer.items : [answer];
      report(cli, options, answer, (paint) => stories.map((story) => renderStory(paint, story)).join('\n\n'));
    });
}

function renderStory(paint: Paint, story: WireStory): string {
  const facts = story.state === 'open' ? openFields(paint, story) : endedFields(paint, story);
  return [renderFields(paint, facts), ...renderTranscripts(paint, story.conversations)].join('\n\n');
}

function openFields(paint: Paint, item: Extract<WireStory, { state: 'open' }>): Parameters<typeof renderFields>[1] {
  return [
    ['id', String(item.id)],
    ['account', item.account],
    ['state', { text: 'open', paint: paint.yellow }],
    ['why', item.why],
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
  ];
}

function endedFields(paint: Paint, item: Exclude<WireStory, { state: 'open' }>): Parameters<typeof renderFields>[1] {
  const { end, state } = item;
  const colour = state === 'delivered' ? paint.green : state === 'failed' ? paint.red : paint.dim;
  return [
    ['id', item.id === null ? undefined : String(item.id)],
    ['account', item.account],
    ['state', { text: state, paint: colour }],
    ['message-id', item.message_id],
    ['recipient', item.recipient],
    ['ended', end ? timeText(end.at) : 'its last event is not in the event log'],
    ['attempts', end?.attempts],
    ['answer', end ? { text: `${end.code} ${end.message}`, paint: colour } : undefined],
    ['reason', end?.reason],
    ['from server', end?.mx_host],
    ['encrypted', end?.tls === undefined ? undefined : end.tls ? 'yes' : 'no'],
  ];
}
