/** The state of a domain's queue, and clearing it. */
import { type Refusal, rfc2822Date } from '#core';
import { holderText } from '#queue';
import type { DomainRecord, Hold } from '#store';
import type { MessageAnswer } from '../contract/domain-answers.js';
import type { QueueStateJson, SendingQueuesAnswer } from '../contract/stored-message-answers.js';
import { type ApiRequest, defineEndpoint, type EndpointDefinition, type Services } from '../endpoint/define-endpoint.js';

interface SendingFacts {
  domain: DomainRecord;
  /** Of the account. */
  holds: Hold[];
  /** Why no mail of the account is taken in at the moment. */
  refusal: Refusal | undefined;
  /** ms since the epoch. */
  now: number;
}

/** Whether the domain's mail is going out, and why not (clients.md 1.3). What stops it stops scheduled mail, too. */
export function presentSendingQueues(facts: SendingFacts): SendingQueuesAnswer {
  const state = stateOf(facts);
  return { regular: state, scheduled: state };
}

function stateOf({ domain, holds, refusal, now }: SendingFacts): QueueStateJson {
  if (domain.state === 'disabled') return disabled('The domain is disabled');
  const hold = holds.find((one) => coversDomain(one, domain.name));
  if (hold !== undefined) return disabled(hold.reason === '' ? holderText(hold) : hold.reason);
  if (refusal === undefined) return { is_disabled: false, disabled: { until: '', reason: '' } };
  const until = refusal.retryAfter === undefined ? '' : rfc2822Date(now + refusal.retryAfter * 1000, 'GMT');
  return disabled(refusal.publicText, until);
}

const disabled = (reason: string, until = ''): QueueStateJson => ({ is_disabled: true, disabled: { until, reason } });

/** A hold on a destination, a site or a message is not one on the domain's mail. */
const coversDomain = (hold: Hold, domain: string): boolean =>
  (hold.domain ?? domain) === domain && hold.destination === undefined && hold.site === undefined && hold.message === undefined;

async function get(request: ApiRequest<'domain'>, { directory, queue, intake, clock }: Services): Promise<SendingQueuesAnswer> {
  const domain = await directory.domains.get(request.account, request.params.domain);
  const refusal = intake.refusalNow(request.account);
  return presentSendingQueues({ domain, holds: queue.holds(request.account), refusal, now: clock.now() });
}

async function clear(request: ApiRequest<'domain'>, { directory, queue }: Services): Promise<MessageAnswer> {
  const domain = await directory.domains.get(request.account, request.params.domain);
  await queue.clear(request.account, domain.name);
  return { message: 'done' };
}

const STATE = 'Get messages queue status';

export const sendingQueueEndpoints: EndpointDefinition[] = [
  defineEndpoint('GET /v3/domains/:domain/sending_queues', 'read', STATE, get),
  // What the Python client asks for.
  defineEndpoint('GET /v3/:domain/sending_queues', 'read', STATE, get),
  defineEndpoint('DELETE /v3/:domain/envelopes', 'write', 'Delete scheduled and undelivered mail', clear),
];
