/** Warm-up of the server's IPs. */
import { notFound } from '#core';
import { hourlyLimit, stageLimit, TOTAL_STAGES } from '#delivery';
import type { WarmupRecord } from '#store';
import type { MessageAnswer } from '../contract/domain-answers.js';
import type { WarmupAnswer, WarmupListAnswer, WarmupStageJson } from '../contract/ip-answers.js';
import { type ApiRequest, defineEndpoint, type EndpointDefinition, type Services } from '../endpoint/define-endpoint.js';
import { readPageStart } from '../present/paging.js';

const timeOf = (ms: number) => new Date(ms).toISOString();
const percent = (part: number, whole: number) => Math.min(100, Math.floor((100 * part) / whole));

/** All that was sent in the stages before, by their volume. */
const volumeBefore = ({ history }: WarmupRecord) => history.reduce((sum, { limit }) => sum + limit, 0);

const presentStage = (plan: WarmupRecord): WarmupStageJson => ({
  sent_within_stage: `${percent(plan.sent, stageLimit(plan.stage))}%`,
  throttle: 100 - percent(plan.sentInHour, hourlyLimit(plan.stage)),
  stage_number: plan.stage,
  stage_start_volume: volumeBefore(plan),
  stage_start_time: timeOf(plan.stageStartedAt),
  stage_volume_limit: stageLimit(plan.stage),
});

const presentWarmupItem = (plan: WarmupRecord): WarmupListAnswer['items'][number] => ({ ip: plan.source, ...presentStage(plan) });

const presentWarmup = (plan: WarmupRecord): WarmupAnswer => ({
  details: {
    ...presentStage(plan),
    stage: plan.stage,
    start_volume: volumeBefore(plan),
    stage_limit: stageLimit(plan.stage),
    hourly_limit: hourlyLimit(plan.stage),
    stage_started_at: timeOf(plan.stageStartedAt),
    hour_started_at: timeOf(plan.hourStartedAt),
    plan_started_at: timeOf(plan.startedAt),
    plan_last_updated_at: timeOf(plan.updatedAt),
    total_stages: TOTAL_STAGES,
    stage_history: plan.history.map(({ startedAt, completedAt, limit }) => ({
      first_updated_at: timeOf(startedAt),
      completed_at: timeOf(completedAt),
      limit,
    })),
  },
});

/** Clients go on to the next page until one is empty. */
async function listWarmups({ form, baseUrl }: ApiRequest, { warmups }: Services): Promise<WarmupListAnswer> {
  const limit = form.pageSize({ usual: 10, max: 1000 });
  const start = readPageStart(form);
  const plans = warmups.list().slice(start, start + limit);
  const url = (from: number) => `${baseUrl}/v3/ip_warmups?limit=${limit}&page=${from}`;
  return { items: plans.map(presentWarmupItem), paging: { first: url(0), next: url(start + plans.length) } };
}

async function showWarmup(request: ApiRequest<'ip'>, { directory, warmups }: Services): Promise<WarmupAnswer> {
  const ip = directory.sendingIps.resolve(request.params.ip);
  const plan = warmups.find(ip);
  if (plan === undefined) throw notFound(`IP is not on warmup: ${ip}`);
  return presentWarmup(plan);
}

async function beginWarmup(request: ApiRequest<'ip'>, { directory, warmups }: Services): Promise<MessageAnswer> {
  await warmups.begin(directory.sendingIps.resolve(request.params.ip));
  return { message: 'success' };
}

async function cancelWarmup(request: ApiRequest<'ip'>, { directory, warmups }: Services): Promise<MessageAnswer> {
  const ip = directory.sendingIps.resolve(request.params.ip);
  if (!(await warmups.cancel(ip))) throw notFound(`IP is not on warmup: ${ip}`);
  return { message: 'success' };
}

export const ipWarmupEndpoints: EndpointDefinition[] = [
  defineEndpoint('GET /v3/ip_warmups', 'read', 'List the IPs on warmup', listWarmups),
  defineEndpoint('GET /v3/ip_warmups/:ip', 'read', 'Get the status of an IP warmup', showWarmup),
  defineEndpoint('POST /v3/ip_warmups/:ip', 'write', 'Create a warmup plan for an IP', beginWarmup),
  defineEndpoint('DELETE /v3/ip_warmups/:ip', 'write', 'Cancel the warmup plan of an IP', cancelWarmup),
];
