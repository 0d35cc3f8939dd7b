/** MTA-STS policies in directory.db: one for each domain, until it expires. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { StsPolicyRecord } from '#store/directory-store.js';
import { ENGINES } from './support/engines.ts';
import type { TestStores } from './support/store.ts';

describe.each(ENGINES)('with $name', (engine) => {
  let stores: TestStores;
  beforeEach(async () => {
    stores = await engine.open();
  });
  afterEach(() => stores.cleanup());

  const policyOf = (domain: string, fields: Partial<StsPolicyRecord> = {}): StsPolicyRecord => ({
    domain,
    id: '1',
    mode: 'enforce',
    mx: ['mx.dst.test', '*.dst.test'],
    fetchedAt: 1000,
    expiresAt: 9000,
    ...fields,
  });
  const save = (policy: StsPolicyRecord) => stores.directory.saveStsPolicy(policy);

  it('come back as they were', async () => {
    await save(policyOf('dst.test'));
    await save(policyOf('none.test', { mode: 'none', mx: [], expiresAt: 9001 }));
    expect(await stores.directory.stsPolicies()).toEqual([
      policyOf('none.test', { mode: 'none', mx: [], expiresAt: 9001 }),
      policyOf('dst.test'),
    ]);
  });

  it('replace the one before', async () => {
    await save(policyOf('dst.test'));
    await save(policyOf('dst.test', { id: '2', mode: 'testing', mx: ['a.test'] }));
    expect(await stores.directory.stsPolicies()).toEqual([policyOf('dst.test', { id: '2', mode: 'testing', mx: ['a.test'] })]);
  });

  it('go when they have expired and another is fetched', async () => {
    await save(policyOf('old.test', { expiresAt: 2000 }));
    await save(policyOf('new.test', { fetchedAt: 1999, expiresAt: 5000 }));
    expect(await stores.directory.stsPolicies()).toHaveLength(2);
    await save(policyOf('newer.test', { fetchedAt: 2001 }));
    expect((await stores.directory.stsPolicies()).map(({ domain }) => domain)).toEqual(['newer.test', 'new.test']);
  });

  it('are read as far as they fit into the memory they are read for', async () => {
    const long = Array.from({ length: 200 }, (_, index) => `${'x'.repeat(240)}${index}.dst.test`);
    for (let index = 0; index < 400; index++) void save(policyOf(`d${index}.test`, { mx: long, expiresAt: 10_000 + index }));
    await save(policyOf('last.test'));
    const found = await stores.directory.stsPolicies();
    expect(found.length).toBeGreaterThan(100);
    expect(found.reduce((sum, { mx }) => sum + mx.join(' ').length, 0)).toBeLessThanOrEqual(16_000_000);
    expect(found[0]?.domain).toBe('d399.test');
  });
});
