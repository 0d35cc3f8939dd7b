/** Holding mail back and letting it go; our own endpoints for the command line. */
import { cleanText } from '#core';
import type { HoldJson, HoldsAnswer } from '../contract/queue-answers.js';
import { type Call, defineEndpoint, type Endpoint, type Services } from '../define-endpoint.js';
import { readHoldFilter } from '../operator/hold-filter.js';
import { presentHold } from '../present/hold.js';

const BASE = '/mailwagon/v1/queue';

async function listHolds({ account }: Call, { queue }: Services): Promise<HoldsAnswer> {
  return { items: queue.holds(account).map(presentHold) };
}

async function hold({ account, form }: Call, { queue }: Services): Promise<HoldJson> {
  const filter = await readHoldFilter(form, queue, account);
  return presentHold(await queue.hold(filter, cleanText(form.text('reason') ?? '')));
}

/** Those made with exactly these fields; every one of the account with `all=yes`. */
async function release({ account, form }: Call, { queue }: Services): Promise<HoldsAnswer> {
  const filter = await readHoldFilter(form, queue, account);
  const released = [];
  for (const one of form.flag('all') ? queue.holds(account) : [filter]) released.push(...(await queue.release(one)));
  return { items: released.map(presentHold) };
}

export const holdEndpoints: Endpoint[] = [
  defineEndpoint(`GET ${BASE}/holds`, 'Operator', 'read', 'List what is held', listHolds),
  defineEndpoint(`POST ${BASE}/hold`, 'Operator', 'write', 'Hold mail back until it is released', hold),
  defineEndpoint(`POST ${BASE}/release`, 'Operator', 'write', 'Release what is held', release),
];
