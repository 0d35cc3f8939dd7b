/** Holding mail back and letting it go; our own endpoints for the command line. */
import { cleanText } from '#core';
import { EVERY_ACCOUNT, type HoldFilter } from '#store';
import type { HoldJson, HoldsAnswer } from '../contract/queue-answers.js';
import { type Call, defineEndpoint, type Endpoint, type Services } from '../define-endpoint.js';
import { readHoldFilter, refuseUnknownMessage } from '../operator/hold-filter.js';
import { readScope, type Scope } from '../operator/read-scope.js';
import { presentHold } from '../present/hold.js';

const BASE = '/mailwagon/v1/queue';

async function listHolds(call: Call, services: Services): Promise<HoldsAnswer> {
  const { account, nameOf } = await readScope(call, services);
  return { items: services.queue.holds(account).map((hold) => presentHold(hold, nameOf(hold.account))) };
}

async function hold(call: Call, services: Services): Promise<HoldJson> {
  const { queue } = services;
  const scope = await readScope(call, services);
  const filter = await readHoldFilter(call.form, queue, scope);
  await refuseUnknownMessage(queue, scope, filter);
  return presentHold(await queue.hold(filter, cleanText(call.form.text('reason') ?? '')), scope.nameOf(filter.account));
}

/** Those made with exactly these fields; every one with `all=yes`. The operator's own stay unless it is the operator who asks. */
async function release(call: Call, services: Services): Promise<HoldsAnswer> {
  const { queue } = services;
  const scope = await readScope(call, services);
  const filter = await readHoldFilter(call.form, queue, scope);
  const named = call.form.flag('all') ? queue.holds(scope.account) : [filter, { ...filter, isOperators: false }];
  const released = [];
  for (const one of named.filter((each) => mayRelease(scope, each))) released.push(...(await queue.release(one)));
  return { items: released.map((each) => presentHold(each, scope.nameOf(each.account))) };
}

/** What is held for all accounts is released for all of them, or not at all. */
const mayRelease = (scope: Scope, { account, isOperators = false }: HoldFilter): boolean =>
  scope.account === EVERY_ACCOUNT || (scope.account === account && (scope.isOperators || !isOperators));

export const holdEndpoints: Endpoint[] = [
  defineEndpoint(`GET ${BASE}/holds`, 'Operator', 'read', 'List what is held', listHolds),
  defineEndpoint(`POST ${BASE}/hold`, 'Operator', 'write', 'Hold mail back until it is released', hold),
  defineEndpoint(`POST ${BASE}/release`, 'Operator', 'write', 'Release what is held', release),
];
