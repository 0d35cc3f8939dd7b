import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Handlers } from '#store/engines/sqlite/database/nouns.js';
import { type Connection, openDatabase } from '#store/engines/sqlite/database/open-database.js';
import { type CommitGroup, makeCommitGroup, type ThreadCall } from '#store/engines/sqlite/threads/commit-group.js';
import { tempDir } from '../../support/temp-dir.mjs';

let folder: ReturnType<typeof tempDir>;
let database: Connection;
let commitGroup: CommitGroup;
let forgotten: number;
let gathered: number[];
let handlers: Handlers;

beforeEach(() => {
  folder = tempDir();
  database = openDatabase(join(folder.path, 'a.db'), 'writer');
  database.exec(`CREATE TABLE parent (id INTEGER PRIMARY KEY) STRICT;
    CREATE TABLE child (id INTEGER PRIMARY KEY, parent INTEGER REFERENCES parent (id) DEFERRABLE INITIALLY DEFERRED) STRICT;
    CREATE TABLE gathered (value INTEGER) STRICT;`);
  forgotten = 0;
  gathered = [];
  const insertGathered = database.prepare('INSERT INTO gathered VALUES (?)');
  commitGroup = makeCommitGroup(database, {
    beforeCommit() {
      for (const value of gathered.splice(0)) insertGathered.run(value);
    },
    forget() {
      gathered = [];
      forgotten++;
    },
  });
  const insert = database.prepare('INSERT INTO parent VALUES (?)');
  const insertChild = database.prepare('INSERT INTO child VALUES (?, ?)');
  handlers = {
    add: (id: number) => insert.run(id).changes,
    addBoth: (one: number, other: number) => insert.run(one).changes + insert.run(other).changes,
    /** Its foreign key is checked at COMMIT only, so a missing parent makes the commit itself fail. */
    addChild: (id: number, parent: number) => insertChild.run(id, parent).changes,
  };
});
afterEach(() => {
  database.close();
  folder.cleanup();
});

const run = (...calls: [method: string, ...args: number[]][]) =>
  commitGroup(
    calls.map(([method, ...args], id): ThreadCall => ({ id, method, args })),
    handlers,
  );
const ids = () => (database.prepare('SELECT id FROM parent ORDER BY id').all() as { id: number }[]).map(({ id }) => id);

describe('a group', () => {
  it('answers every call in order', () => {
    expect(run(['add', 1], ['addBoth', 2, 3])).toEqual([
      { id: 0, value: 1 },
      { id: 1, value: 2 },
    ]);
    expect(ids()).toEqual([1, 2, 3]);
    expect(forgotten).toBe(0);
  });

  it('loses only the call that fails, all of it', () => {
    const answers = run(['add', 1], ['addBoth', 2, 1], ['add', 3]);
    expect(answers).toEqual([
      { id: 0, value: 1 },
      { id: 1, error: expect.objectContaining({ kind: 'conflict', code: 'SQLITE_CONSTRAINT_PRIMARYKEY' }) },
      { id: 2, value: 1 },
    ]);
    expect(ids()).toEqual([1, 3]);
    // Once for the group, and once for the call when the others were run again without it.
    expect(forgotten).toBe(2);
  });

  it('fails whole when the commit fails, and the next group is not hurt', () => {
    const answers = run(['add', 1], ['addChild', 1, 99], ['add', 2]);
    expect(answers).toHaveLength(3);
    for (const answer of answers) expect(answer).toMatchObject({ error: { kind: 'failed', code: 'SQLITE_CONSTRAINT_FOREIGNKEY' } });
    expect(ids()).toEqual([]);
    expect(forgotten).toBe(1);
    expect(database.inTransaction).toBe(false);
    expect(run(['add', 1])).toEqual([{ id: 0, value: 1 }]);
    expect(ids()).toEqual([1]);
  });

  it('writes what the calls gathered, and nothing of those that failed', () => {
    const insert = database.prepare('INSERT INTO parent VALUES (?)');
    handlers.gather = (id: number, value: number) => {
      gathered.push(value);
      return insert.run(id).changes;
    };
    const values = () =>
      (database.prepare('SELECT value FROM gathered ORDER BY value').all() as { value: number }[]).map((row) => row.value);
    run(['gather', 1, 10], ['gather', 2, 20]);
    expect(values()).toEqual([10, 20]);
    expect(run(['gather', 3, 30], ['gather', 1, 40], ['gather', 4, 50])[1]).toHaveProperty('error');
    expect(values()).toEqual([10, 20, 30, 50]);
  });

  it('reports a full database as full', () => {
    // The page limit stands in for the disk here; disk-full.test.ts has a real one.
    const pages = database.pragma('page_count', { simple: true }) as number;
    database.exec('CREATE TABLE filler (bytes BLOB) STRICT');
    const fill = database.prepare('INSERT INTO filler VALUES (zeroblob(100000))');
    handlers.fill = () => fill.run().changes;
    database.pragma(`max_page_count = ${pages + 3}`);
    expect(run(['add', 1], ['fill'])).toContainEqual({ id: 1, error: expect.objectContaining({ kind: 'full' }) });
    expect(database.inTransaction).toBe(false);
  });
});
