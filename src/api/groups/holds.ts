/** Holding mail back and letting it go; our own endpoints for the command line. */
import { cleanText } from '#core';
import { EVERY_ACCOUNT, type Hold, type HoldFilter } from '#store';
import type { HoldJson, HoldsAnswer } from '../contract/queue-answers.js';
import { type ApiRequest, defineEndpoint, type EndpointDefinition, type Services } from '../endpoint/define-endpoint.js';
import { type AccountScope, readAccountScope } from '../operator/account-scope.js';
import { readHoldFilter, refuseUnknownMessage } from '../operator/hold-filter.js';

const presentHold = ({ isOperators, domain, destination, site, message, reason, at }: Hold, whose?: string): HoldJson => ({
  account: whose,
  by: isOperators ? 'operator' : 'account',
  domain: domain ?? null,
  destination: destination ?? null,
  site: site ?? null,
  message: message ?? null,
  reason,
  at: new Date(at).toISOString(),
});

const BASE = '/mailwagon/v1/queue';

async function listHolds(request: ApiRequest, services: Services): Promise<HoldsAnswer> {
  const { account, nameOf } = await readAccountScope(request, services);
  return { items: services.queue.holds(account).map((hold) => presentHold(hold, nameOf(hold.account))) };
}

async function hold(request: ApiRequest, services: Services): Promise<HoldJson> {
  const { queue } = services;
  const scope = await readAccountScope(request, services);
  const filter = await readHoldFilter(request.form, queue, scope);
  await refuseUnknownMessage(queue, scope, filter);
  return presentHold(await queue.hold(filter, cleanText(request.form.text('reason') ?? '')), scope.nameOf(filter.account));
}

/** Releases the holds that were made with exactly these fields, or every hold with `all=yes`. Holds of the operator stay unless the operator asks. */
async function release(request: ApiRequest, services: Services): Promise<HoldsAnswer> {
  const { queue } = services;
  const scope = await readAccountScope(request, services);
  const filter = await readHoldFilter(request.form, queue, scope);
  const named = request.form.flag('all') ? queue.holds(scope.account) : [filter, { ...filter, isOperators: false }];
  const released = [];
  for (const one of named.filter((each) => mayRelease(scope, each))) released.push(...(await queue.release(one)));
  return { items: released.map((each) => presentHold(each, scope.nameOf(each.account))) };
}

/** What is held for all accounts is released for all of them, or not at all. */
const mayRelease = (scope: AccountScope, { account, isOperators = false }: HoldFilter): boolean =>
  scope.account === EVERY_ACCOUNT || (scope.account === account && (scope.isOperators || !isOperators));

export const holdEndpoints: EndpointDefinition[] = [
  defineEndpoint(`GET ${BASE}/holds`, 'read', 'List what is held', listHolds),
  defineEndpoint(`POST ${BASE}/hold`, 'write', 'Hold mail back until it is released', hold),
  defineEndpoint(`POST ${BASE}/release`, 'write', 'Release what is held', release),
];
