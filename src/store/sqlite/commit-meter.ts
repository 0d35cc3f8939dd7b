/** Measures the group commits of one database file, in the thread that makes them. */
import { makeHistogram } from '#metrics';
import type { CommitStats } from '../commit-stats.js';

export interface CommitMeter {
  /** ms for the whole group, and of these for the COMMIT, which is where the disk is waited for. */
  observe(calls: number, groupMs: number, commitMs: number): void;
  stats(): CommitStats;
}

/** Seconds. */
const LATENCY_BOUNDS = [0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5];
const SIZE_BOUNDS = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512];

export function makeCommitMeter(database: string): CommitMeter {
  const group = makeHistogram(LATENCY_BOUNDS);
  const fsync = makeHistogram(LATENCY_BOUNDS);
  const size = makeHistogram(SIZE_BOUNDS);
  return {
    observe(calls, groupMs, commitMs) {
      group.observe(groupMs / 1000);
      fsync.observe(commitMs / 1000);
      size.observe(calls);
    },
    stats: () => ({ database, group: group.snapshot(), fsync: fsync.snapshot(), size: size.snapshot() }),
  };
}
