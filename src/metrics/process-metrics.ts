/** What the kernel and Node say of this process: memory, processor time, open files, and how late the event loop runs. */
import { readdir, readFile } from 'node:fs/promises';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { LIMITS_FILE, parseFileLimit } from './file-limit.js';
import type { Registry } from './registry.js';

const NANOSECONDS = 1e9;
const RESOLUTION_MS = 10;
const QUANTILES = [0.5, 0.9, 0.99] as const;

/** `version` is the program's, for the build's information. The function that it returns ends the measuring. */
export function addProcessMetrics(registry: Registry, version: string): () => void {
  registry
    .gauge({ name: 'mailwagon_build_info', help: 'Always 1; says which version runs.', labels: ['version', 'node'] })
    .replace([{ labels: [version, process.versions.node], value: 1 }]);
  const resident = registry.gauge({ name: 'process_resident_memory_bytes', help: 'Resident memory.' });
  const heap = registry.gauge({ name: 'nodejs_heap_used_bytes', help: 'JavaScript heap in use, of the main thread.' });
  const cpu = registry.counters({ name: 'process_cpu_seconds_total', help: 'Processor time of all threads.', labels: [] });
  const openFiles = registry.gauge({ name: 'process_open_fds', help: 'Open file descriptors.' });
  const maxFiles = registry.gauge({ name: 'process_max_fds', help: 'Limit of open file descriptors.' });
  const lag = registry.gauge({
    name: 'mailwagon_event_loop_lag_seconds',
    help: 'How late the event loop ran since the last look; quantile 1 is the worst.',
    labels: ['quantile'],
  });
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delay.enable();

  registry.collect('process', [resident, heap, cpu], () => {
    const memory = process.memoryUsage();
    resident.set(memory.rss);
    heap.set(memory.heapUsed);
    const { user, system } = process.cpuUsage();
    cpu.replace([{ labels: [], value: (user + system) / 1e6 }]);
  });
  registry.collect('files', [openFiles, maxFiles], async () => {
    const [names, limits] = await Promise.all([readdir('/proc/self/fd'), readFile(LIMITS_FILE, 'latin1')]);
    openFiles.set(names.length);
    maxFiles.set(parseFileLimit(limits));
  });
  registry.collect('event-loop', [lag], () => {
    // The timer itself counts with its resolution.
    const late = (nanoseconds: number) => Math.max(0, nanoseconds / NANOSECONDS - RESOLUTION_MS / 1000);
    const measured = QUANTILES.map((quantile) => ({ labels: [String(quantile)], value: late(delay.percentile(quantile * 100)) }));
    lag.replace([...measured, { labels: ['1'], value: delay.count === 0 ? 0 : late(delay.max) }]);
    delay.reset();
  });
  return () => delay.disable();
}
