/** The engines that the contract of the store holds for: every test of test/store runs with each. What only one engine has is tested in a folder of its name. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { openTestStores, type TestStores } from './store.ts';

export interface TestEngine {
  name: string;
  open(): Promise<TestStores>;
  /** All that the engine has written down of the spool, for tests that something is really gone. */
  spoolText(stores: TestStores): string;
  /** How many recipients of batches it keeps. */
  countBatchRecipients(stores: TestStores): number;
}

export const ENGINES: readonly TestEngine[] = [
  {
    name: 'sqlite',
    open: openTestStores,
    spoolText: ({ dataDir }) => readFileSync(join(dataDir, 'spool.db'), 'latin1'),
    countBatchRecipients({ dataDir }) {
      const database = new Database(join(dataDir, 'spool.db'), { readonly: true });
      const rows = database.prepare('SELECT count(*) FROM batch_recipient').pluck().get() as number;
      database.close();
      return rows;
    },
  },
];
