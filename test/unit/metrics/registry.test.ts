import { expect, it } from 'vitest';
import { addProcessMetrics, makeRegistry } from '#metrics';
import { parsePrometheus, sampleOf } from '../../support/prometheus-text.js';

const read = async (registry: ReturnType<typeof makeRegistry>) => parsePrometheus(await registry.render());

it('counts with and without labels, and escapes what strangers name', async () => {
  const registry = makeRegistry();
  const plain = registry.counter({ name: 'plain_total', help: 'Back\\slash and\nline end.' });
  const named = registry.counters({ name: 'named_total', help: 'By name.', labels: ['name', 'kind'] });
  plain.add();
  plain.add(2);
  const strange = 'a"b\\c\nd{}=,é';
  named.with(strange, 'x').add();
  named.with(strange, 'x').add();
  named.with(strange, 'y').add();
  const families = await read(registry);
  expect(families.get('plain_total')).toMatchObject({ type: 'counter', help: 'Back\\\\slash and\\nline end.' });
  expect(sampleOf(families, 'plain_total')).toBe(3);
  expect(sampleOf(families, 'named_total', { name: strange, kind: 'x' })).toBe(2);
  expect(sampleOf(families, 'named_total', { name: strange, kind: 'y' })).toBe(1);
});

it('never grows beyond its bound, and loses no count', async () => {
  const registry = makeRegistry();
  const named = registry.counters({ name: 'named_total', help: 'By name.', labels: ['name'] });
  for (let index = 0; index < 5000; index++) named.with(`name ${index}`).add();
  const samples = (await read(registry)).get('named_total')?.samples ?? [];
  expect(samples.length).toBeLessThanOrEqual(301);
  expect(samples.reduce((sum, { value }) => sum + value, 0)).toBe(5000);
  expect(samples.at(-1)).toMatchObject({ labels: { name: 'other' } });
});

it('puts values into buckets by their upper bound', async () => {
  const registry = makeRegistry();
  const histogram = registry.histogram({ name: 'size', help: 'Sizes.', bounds: [1, 2.5, 10] });
  for (const value of [0, 1, 1.1, 2.5, 10, 11, 1e9]) histogram.observe(value);
  const families = await read(registry);
  const buckets = Object.fromEntries(
    (families.get('size')?.samples ?? []).filter(({ labels }) => labels.le).map(({ labels, value }) => [labels.le, value]),
  );
  expect(buckets).toEqual({ '1': 2, '2.5': 4, '10': 5, '+Inf': 7 });
  expect(sampleOf(families, 'size_count')).toBe(7);
  expect(sampleOf(families, 'size_sum')).toBe(1_000_000_025.6);
});

it('asks its sources at each look, shares a look, and shows nothing of a source that fails', async () => {
  const registry = makeRegistry();
  const gauge = registry.gauge({ name: 'level', help: 'Level.', labels: ['of'] });
  const measured = registry.histograms({ name: 'far', help: 'Elsewhere.', labels: ['where'] });
  let asked = 0;
  registry.collect('elsewhere', [gauge, measured], async () => {
    asked++;
    if (asked === 2) throw new Error('not now');
    gauge.replace([{ labels: ['tank'], value: asked }]);
    measured.replace([{ labels: ['x'], value: { bounds: [1], counts: [3, 4], sum: 9 } }]);
  });
  const [first, same] = await Promise.all([registry.render(), registry.render()]);
  expect(first).toBe(same);
  expect(asked).toBe(1);
  expect(sampleOf(parsePrometheus(first), 'far_bucket', { where: 'x', le: '+Inf' })).toBe(7);
  const failed = await read(registry);
  expect(failed.get('level')?.samples).toEqual([]);
  expect(failed.get('far')?.samples).toEqual([]);
  expect(sampleOf(failed, 'mailwagon_collect_errors_total', { source: 'elsewhere' })).toBe(1);
  expect(sampleOf(await read(registry), 'level', { of: 'tank' })).toBe(3);
});

it('refuses names that Prometheus would not take, and names twice', () => {
  const registry = makeRegistry();
  for (const name of ['', 'with space', 'Upper', '1st', 'dash-ed']) expect(() => registry.counter({ name, help: '' })).toThrow();
  expect(() => registry.counters({ name: 'fine_total', help: '', labels: ['le'] })).toThrow();
  registry.counter({ name: 'one_total', help: '' });
  expect(() => registry.gauge({ name: 'one_total', help: '' })).toThrow(/already/);
});

it('measures this process', async () => {
  const registry = makeRegistry();
  const stop = addProcessMetrics(registry, '1.2.3');
  await new Promise((resolve) => setTimeout(resolve, 30));
  const until = Date.now() + 120;
  while (Date.now() < until) Math.sqrt(2);
  await new Promise((resolve) => setTimeout(resolve, 30));
  const families = await read(registry);
  stop();
  expect(sampleOf(families, 'process_resident_memory_bytes')).toBeGreaterThan(1e7);
  expect(sampleOf(families, 'process_cpu_seconds_total')).toBeGreaterThan(0);
  expect(sampleOf(families, 'process_open_fds')).toBeGreaterThan(3);
  expect(sampleOf(families, 'process_max_fds')).toBeGreaterThan(sampleOf(families, 'process_open_fds') ?? 0);
  expect(sampleOf(families, 'mailwagon_event_loop_lag_seconds', { quantile: '1' })).toBeGreaterThan(0.05);
});
