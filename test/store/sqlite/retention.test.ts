import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Nouns } from '#store/engines/sqlite/database/nouns.js';
import { DIRECTORY_NOUNS } from '#store/engines/sqlite/directory/nouns.js';
import { EVENT_NOUNS } from '#store/engines/sqlite/events/nouns.js';
import { SPOOL_NOUNS } from '#store/engines/sqlite/spool/nouns.js';
import { openTestStores, type TestStores } from '../support/store.ts';

const FILES: Record<string, Nouns<never>> = {
  directory: DIRECTORY_NOUNS,
  spool: SPOOL_NOUNS,
  events: EVENT_NOUNS,
};
const rulesOf = (nouns: Nouns<never>) => Object.values(nouns).flatMap(({ tables = {} }) => Object.entries(tables));

let stores: TestStores;
beforeEach(async () => {
  stores = await openTestStores();
});
afterEach(() => stores.cleanup());

describe('retention', () => {
  it.each(Object.entries(FILES))('has one rule for every table of %s, and no rule without a table', (name, nouns) => {
    const database = new Database(join(stores.dataDir, `${name}.db`), { readonly: true });
    const tables = database.prepare("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'").all();
    database.close();
    expect(tables.map((table) => (table as { name: string }).name).sort()).toEqual(
      rulesOf(nouns)
        .map(([table]) => table)
        .sort(),
    );
  });

  it('gives a period or a reason in every rule', () => {
    const rules = Object.values(FILES).flatMap((nouns) => rulesOf(nouns).map(([, rule]) => rule));
    expect(rules.length).toBeGreaterThan(10);
    for (const rule of rules) {
      if (rule.kind === 'period') expect(rule.ms).toBeGreaterThan(0);
      expect(Object.values(rule).every((value) => value !== '')).toBe(true);
    }
  });
});
