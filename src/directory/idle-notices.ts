/** Tells the log what an account asked for that has no effect, once for each thing while the server runs. */
import type { Logger } from 'pino';
import { describeIdle, type Idle } from '#core';

/** Accounts remembered; the one that was told something new the longest ago goes first. */
const MAX_ACCOUNTS = 10_000;

export type NoteIdle = (account: number, domain: string, idle: readonly Idle[]) => void;

/** The names must be of a fixed list: they are remembered. */
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
