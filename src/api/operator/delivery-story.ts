/** Finds everything known of deliveries, open or over: the queue's row, the transcripts of its attempts, and the event that ended it. */
import { notFound } from '#core';
import type { EventLog, TranscriptLog } from '#events';
import type { Queue, WaitReason } from '#queue';
import type { QueuedDelivery, StoredTranscript } from '#store';
import type { EndJson } from '../contract/queue-answers.js';
import { findDeliveries } from './find-deliveries.js';

interface Facts {
  account: number;
  /** Absent for a delivery that ended with its first attempt: only its event was kept. */
  id: number | undefined;
  messageId: string;
  recipient: string;
  /** Of its attempts. */
  transcripts: StoredTranscript[];
}

export type DeliveryStory = (
  | { state: 'open'; open: QueuedDelivery; waiting: WaitReason }
  | { state: 'delivered' | 'failed' | 'over'; end: EndJson | undefined }
) &
  Facts;

interface StoryDeps {
  queue: Queue;
  events: EventLog;
  transcripts: Pick<TranscriptLog, 'find'>;
}

/** Transcripts and events that are read for one answer. */
const MAX_TRANSCRIPTS = 100;
const MAX_EVENTS = 300;

/** The delivery of that number, if it is of one of these accounts. Refusal 404. */
export async function storyOfDelivery(deps: StoryDeps, accounts: readonly number[], id: number): Promise<DeliveryStory> {
  for (const account of accounts) {
    const story = await storyInAccount(deps, account, id);
    if (story !== undefined) return story;
  }
  throw notFound('Delivery not found');
}

async function storyInAccount(deps: StoryDeps, account: number, id: number): Promise<DeliveryStory | undefined> {
  const [[open], transcripts] = await Promise.all([
    deps.queue.list({ account, limit: 1, after: id - 1 }),
    deps.transcripts.find({ account, delivery: id, limit: MAX_TRANSCRIPTS }),
  ]);
  if (open?.id === id)
    return {
      state: 'open',
      open,
      waiting: await deps.queue.why(open),
      account,
      id,
      messageId: open.messageId,
      recipient: open.recipient,
      transcripts,
    };
  const [noted] = transcripts;
  if (noted === undefined) return undefined;
  const { messageId, recipient } = noted;
  const ends = await endsOf(deps.events, account, messageId, recipient);
  return { ...ended(ends.get(recipient)), account, id, messageId, recipient, transcripts };
}

/** All deliveries of a message, as far as the event log remembers it. Several of the accounts may have a message of that id. Refusal 404 when none has. */
export async function storiesOfMessage(deps: StoryDeps, accounts: readonly number[], messageId: string): Promise<DeliveryStory[]> {
  const stories: DeliveryStory[] = [];
  for (const account of accounts) stories.push(...(await storiesInAccount(deps, account, messageId)));
  if (stories.length === 0) throw notFound('Message not found');
  return stories;
}

async function storiesInAccount(deps: StoryDeps, account: number, messageId: string): Promise<DeliveryStory[]> {
  const [noted, ends] = await Promise.all([
    deps.transcripts.find({ account, messageId, limit: MAX_TRANSCRIPTS }),
    endsOf(deps.events, account, messageId),
  ]);
  const stories: DeliveryStory[] = [];
  for (const [recipient, end] of ends) {
    const transcripts = noted.filter((entry) => entry.recipient === recipient);
    const open = end === undefined ? await findOpen(deps.queue, account, messageId, recipient) : undefined;
    const facts = { account, id: open?.id ?? transcripts[0]?.delivery, messageId, recipient, transcripts };
    stories.push(open === undefined ? { ...ended(end), ...facts } : { state: 'open', open, waiting: await deps.queue.why(open), ...facts });
  }
  return stories;
}

const ended = (end: EndJson | undefined) => ({ state: end?.state ?? ('over' as const), end });

async function findOpen(queue: Queue, account: number, messageId: string, recipient: string): Promise<QueuedDelivery | undefined> {
  for await (const page of findDeliveries(queue, [account], { stored: { recipient }, messageId })) {
    if (page[0] !== undefined) return page[0];
  }
  return undefined;
}

interface EventBody {
  event: string;
  severity?: string;
  reason?: string;
  timestamp: number;
  recipient: string;
  'delivery-status'?: { code: number; message: string; description: string; 'attempt-no': number; 'mx-host'?: string; tls?: boolean };
}

/** How the delivery to each recipient ended, in the order in which recipients were accepted; undefined while it is open. */
async function endsOf(events: EventLog, account: number, messageId: string, recipient?: string): Promise<Map<string, EndJson | undefined>> {
  const query = { account, messageId, recipient, events: ['accepted', 'delivered', 'failed'], ascending: true, limit: MAX_EVENTS };
  const ends = new Map<string, EndJson | undefined>();
  for (const { body } of await events.query(query)) {
    const event = JSON.parse(body) as EventBody;
    const isEnd = event.event === 'delivered' || event.severity === 'permanent';
    if (isEnd) ends.set(event.recipient, endOf(event));
    else if (!ends.has(event.recipient)) ends.set(event.recipient, undefined);
  }
  return ends;
}

function endOf({ event, reason, timestamp, 'delivery-status': status }: EventBody): EndJson {
  return {
    state: event === 'delivered' ? 'delivered' : 'failed',
    at: new Date(timestamp * 1000).toISOString(),
    attempts: status?.['attempt-no'] ?? 0,
    code: status?.code ?? 0,
    message: status?.message || status?.description || '',
    reason,
    mx_host: status?.['mx-host'],
    tls: status?.tls,
  };
}
