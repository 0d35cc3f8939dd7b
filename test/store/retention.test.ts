import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RETENTION, type RetentionRule } from '../../dist/store/retention.js';
import { openTestStores, type TestStores } from './support/store.ts';

let stores: TestStores;
beforeEach(async () => {
  stores = await openTestStores();
});
afterEach(() => stores.cleanup());

describe('retention', () => {
  it.each(Object.entries(RETENTION))('has a rule for every table of %s, and no rule without a table', (name, rules) => {
    const database = new Database(join(stores.dataDir, `${name}.db`), { readonly: true });
    const tables = database.prepare("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'").all();
    database.close();
    expect(tables.map((table) => (table as { name: string }).name).sort()).toEqual(Object.keys(rules).sort());
  });

  it('gives a period or a reason in every rule', () => {
    const rules: RetentionRule[] = Object.values(RETENTION).flatMap((table) => Object.values<RetentionRule>(table));
    expect(rules.length).toBeGreaterThan(10);
    for (const rule of rules) {
      if (rule.kind === 'period') expect(rule.ms).toBeGreaterThan(0);
      expect(Object.values(rule).every((value) => value !== '')).toBe(true);
    }
  });
});
