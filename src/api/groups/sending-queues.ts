/** The state of a domain's queue, and clearing it. */
import type { MessageAnswer } from '../contract/domain-answers.js';
import type { SendingQueuesAnswer } from '../contract/stored-message-answers.js';
import { type Call, defineEndpoint, type Endpoint, pathParameter, type Services } from '../define-endpoint.js';
import { presentSendingQueues } from '../present/sending-queues.js';

async function get(call: Call, { directory, queue, intake, clock }: Services): Promise<SendingQueuesAnswer> {
  const domain = await directory.domains.get(call.account, pathParameter(call, 'domain'));
  const refusal = intake.refusalNow(call.account);
  return presentSendingQueues({ domain, holds: queue.holds(call.account), refusal, now: clock.now() });
}

async function clear(call: Call, { directory, queue }: Services): Promise<MessageAnswer> {
  const domain = await directory.domains.get(call.account, pathParameter(call, 'domain'));
  await queue.clear(call.account, domain.name);
  return { message: 'done' };
}

const STATE = 'Get messages queue status';

export const sendingQueueEndpoints: Endpoint[] = [
  defineEndpoint('GET /v3/domains/:domain/sending_queues', 'Messages', 'read', STATE, get),
  // What the Python client asks for.
  defineEndpoint('GET /v3/:domain/sending_queues', 'Messages', 'read', STATE, get),
  defineEndpoint('DELETE /v3/:domain/envelopes', 'Messages', 'write', 'Delete scheduled and undelivered mail', clear),
];
