/** Numbers about group commits, as the writing threads measure them. */
import type { Registry } from '#metrics';
import type { Stores } from './stores.js';

export function addStoreMetrics(registry: Registry, stores: Pick<Stores, 'commitStats'>): void {
  const labels = ['database'];
  const group = registry.histograms({
    name: 'mailwagon_store_group_seconds',
    help: 'Time of group commits, from begin to durable.',
    labels,
  });
  const fsync = registry.histograms({ name: 'mailwagon_store_fsync_seconds', help: 'Of these, time until the disk had it.', labels });
  const size = registry.histograms({ name: 'mailwagon_store_group_calls', help: 'Calls that shared one commit.', labels });
  registry.collect('stores', [group, fsync, size], async () => {
    const stats = await stores.commitStats();
    const of = (part: 'group' | 'fsync' | 'size') => stats.map((one) => ({ labels: [one.database], value: one[part] }));
    group.replace(of('group'));
    fsync.replace(of('fsync'));
    size.replace(of('size'));
  });
}
