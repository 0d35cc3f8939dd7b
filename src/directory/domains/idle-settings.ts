/** Settings of a domain that are kept and shown although this version does nothing with them yet (`core/idle.ts`), and their notices in the log. */
import type { Logger } from 'pino';
import { describeIdle, IDLE_SETTINGS, type Idle } from '#core';
import type { DomainRecord } from '#store';

export const idleSettings = (domain: DomainRecord): Idle[] =>
  IDLE_SETTINGS.filter(({ asks }) => asks(domain)).map(({ name, why }) => ({ name, why }));

/** Accounts remembered. Beyond it the account is forgotten whose last notice is the oldest. */
const MAX_ACCOUNTS = 10_000;

/** Tells the log what an account asked for that has no effect: each thing once while the server runs. */
export type NoteIdle = (account: number, domain: string, idle: readonly Idle[]) => void;

/** The names must be of a fixed list, because they are remembered. */
export function makeIdleNotices(logger: Logger): NoteIdle {
  const told = new Map<number, Set<string>>();
  return (account, domain, idle) => {
    if (idle.length === 0) return;
    const known = told.get(account) ?? new Set();
    const news = idle.filter(({ name }) => !known.has(name));
    if (news.length === 0) return;
    for (const { name } of news) known.add(name);
    told.delete(account);
    told.set(account, known);
    const oldest = told.size > MAX_ACCOUNTS ? told.keys().next().value : undefined;
    if (oldest !== undefined) told.delete(oldest);
    const names = news.map(({ name }) => name);
    logger.warn({ account, domain, withoutEffect: names }, `asked for what has no effect, told once per account: ${describeIdle(news)}`);
  };
}
