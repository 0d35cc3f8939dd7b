// @ts-check
/** Processor time of a process by thread, from Linux's own count: what a message costs is told by it even on a machine that others use too. */
import { readdirSync, readFileSync } from 'node:fs';

/** Nanoseconds by thread id; threads that ended meanwhile are missing. @param {number} pid @returns {Map<string, number>} */
export function threadTimes(pid) {
  const times = new Map();
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    try {
      times.set(thread, Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]));
    } catch {
      // It ended a moment ago.
    }
  }
  return times;
}

/**
 * µs per message since `before`: of all threads, and of the event loop, which is the thread named as the process.
 * @param {number} pid @param {Map<string, number>} before @param {number} messages
 */
export function timePerMessage(pid, before, messages) {
  let all = 0;
  let loop = 0;
  for (const [thread, time] of threadTimes(pid)) {
    const spent = (time - (before.get(thread) ?? 0)) / 1000 / messages;
    all += spent;
    if (thread === String(pid)) loop = spent;
  }
  return { all: Math.round(all), loop: Math.round(loop) };
}

/** Resident memory of a process, MB. @param {number} pid */
export const residentMb = (pid) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024;
