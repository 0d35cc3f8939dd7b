/** First stage: the data folder. */
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type IdSource, makeIdSource } from '#core';
import { addStoreMetrics, openStores, type Stores } from '#store';
import type { StageContext } from './stage-context.js';

export interface Storage {
  stores: Stores;
  ids: IdSource;
  /** Empty at start. */
  tempDir: string;
}

export async function openStorage({ config, clock, registry, start }: StageContext, onFatal: (error: Error) => void): Promise<Storage> {
  const { dataDir } = config;
  const stores = await start({
    name: 'stores',
    start: () => openStores({ dataDir, onFatal }),
    stop: (_graceMs, opened) => opened.close(),
  });
  addStoreMetrics(registry, stores);
  const tempDir = join(dataDir, 'tmp');
  await rm(tempDir, { recursive: true, force: true });
  await mkdir(tempDir, { mode: 0o700 });
  const ids = makeIdSource(clock);
  ids.raiseTo(await stores.spool.largestId());
  return { stores, ids, tempDir };
}
