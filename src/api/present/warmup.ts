/** Warm-up of an address as Mailgun's clients read it. */
import { hourlyLimit, stageLimit, TOTAL_STAGES } from '#delivery';
import type { WarmupRecord } from '#store';
import type { WarmupAnswer, WarmupListAnswer, WarmupStageJson } from '../contract/ip-answers.js';

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

export const presentWarmupItem = (plan: WarmupRecord): WarmupListAnswer['items'][number] => ({ ip: plan.source, ...presentStage(plan) });

export const presentWarmup = (plan: WarmupRecord): WarmupAnswer => ({
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
