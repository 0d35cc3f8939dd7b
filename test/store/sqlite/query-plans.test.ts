/** The statements that must stay cheap at millions of rows, by SQLite's own account of how it will run them. */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadMigrations, migrate } from '#store/engines/sqlite/database/migrate.js';
import { type Connection, openDatabase } from '#store/engines/sqlite/database/open-database.js';
import { LOGIN_CLIENT_SQL } from '#store/engines/sqlite/directory/credential-rows.js';
import { LONGEST_DOMAIN_SQL } from '#store/engines/sqlite/directory/domain-rows.js';
import { STS_SQL } from '#store/engines/sqlite/directory/sts-policy-rows.js';
import { TEMPLATE_SQL } from '#store/engines/sqlite/directory/template-rows.js';
import { HTTP_CALL_SQL } from '#store/engines/sqlite/events/http-call-rows.js';
import { eventSql } from '#store/engines/sqlite/events/query.js';
import { IDEMPOTENCY_SQL } from '#store/engines/sqlite/spool/idempotency-rows.js';
import { INSPECT_SQL } from '#store/engines/sqlite/spool/inspect.js';
import { LIST_SQL } from '#store/engines/sqlite/spool/list.js';
import { RESTRICTION_SQL } from '#store/engines/sqlite/spool/restriction-rows.js';
import { SETTLE_SQL } from '#store/engines/sqlite/spool/settle.js';
import { STORED_SQL } from '#store/engines/sqlite/spool/stored-messages.js';
import { SWEEP_SQL } from '#store/engines/sqlite/spool/sweep.js';
import { TAKE_SQL } from '#store/engines/sqlite/spool/take.js';
import { tempDir } from '../../support/temp-dir.mjs';

const folder = tempDir();
let spool: Connection;
let events: Connection;
let directory: Connection;
beforeAll(() => {
  const open = (name: 'spool' | 'events' | 'directory') => {
    const database = openDatabase(join(folder.path, `${name}.db`), 'writer');
    migrate(database, loadMigrations(name), folder.path);
    return database;
  };
  spool = open('spool');
  events = open('events');
  directory = open('directory');
});
afterAll(() => {
  spool.close();
  events.close();
  directory.close();
  folder.cleanup();
});

/** Bound values do not change a plan, but each parameter needs one. */
function planOf(database: Connection, sql: string): string {
  const names = [...new Set([...sql.matchAll(/@(\w+)/g)].map(([, name]) => String(name)))];
  const values = names.length > 0 ? [Object.fromEntries(names.map((name) => [name, 1]))] : Array.from(sql.matchAll(/\?/g), () => 1);
  const rows = database.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(...values) as { detail: string }[];
  return rows.map(({ detail }) => detail).join('; ');
}

describe('query plans', () => {
  it('take seeks in the clustered key', () => {
    expect(planOf(spool, TAKE_SQL.dueRows)).toBe(
      'SEARCH queue USING PRIMARY KEY (destination=? AND account=? AND priority=? AND (due,id)>(?,?) AND due<?)',
    );
    expect(planOf(spool, TAKE_SQL.dueAfter)).toBe(
      'SEARCH queue USING PRIMARY KEY (destination=? AND account=? AND priority=? AND (due,id)>(?,?))',
    );
    expect(planOf(spool, TAKE_SQL.nextHead)).toBe('SEARCH queue USING PRIMARY KEY ((destination,account,priority,due)>(?,?,?,?))');
  });

  it('restrictions are found and swept by when they end', () => {
    expect(planOf(spool, RESTRICTION_SQL.current)).toBe('SEARCH restriction USING INDEX restriction_until (until>?)');
    expect(planOf(spool, RESTRICTION_SQL.sweep)).toContain('USING COVERING INDEX restriction_until (until<?)');
  });

  it('names above a domain are found in the index of names', () => {
    expect(planOf(directory, LONGEST_DOMAIN_SQL)).toContain('SEARCH domain USING INDEX');
  });

  it('the clients of a login are found in its key', () => {
    for (const sql of Object.values(LOGIN_CLIENT_SQL)) {
      const plan = planOf(directory, sql);
      expect(plan).toMatch(/SEARCH (?:login_client|credential) USING/);
      expect(plan).not.toContain('SCAN login_client');
    }
  });

  it('expiry walks open deliveries by message, and the place in a flow is a range of its key', () => {
    for (const sql of [INSPECT_SQL.expired, INSPECT_SQL.dueAfter]) {
      const plan = planOf(spool, sql);
      expect(plan).toMatch(/^SEARCH q USING (COVERING )?INDEX queue_by_message \(\(message,id\)>\(\?,\?\) AND message<\?\)/);
      expect(plan).not.toContain('B-TREE');
    }
    expect(planOf(spool, INSPECT_SQL.endOfPart)).toMatch(/^SEARCH queue USING COVERING INDEX queue_by_message \(\(message,id\)>\(\?,\?\)/);
    expect(planOf(spool, INSPECT_SQL.countAhead)).toContain('(destination=? AND account=? AND priority=? AND (due,id)<(?,?))');
  });

  it('list seeks for a message and a destination, and walks an account in the order of its ids', () => {
    expect(planOf(spool, LIST_SQL.byMessage)).toMatch(/^SEARCH q USING (COVERING )?INDEX queue_by_message \(message=\? AND id>\?\)/);
    expect(planOf(spool, LIST_SQL.byDestination)).toMatch(/^SEARCH q USING PRIMARY KEY \(destination=\? AND account=\?\)/);
    expect(planOf(spool, LIST_SQL.byAccount)).toMatch(/^SEARCH q USING INDEX queue_by_account \(account=\? AND id>\?\)/);
    for (const sql of [LIST_SQL.byMessage, LIST_SQL.byAccount]) expect(planOf(spool, sql)).not.toContain('B-TREE');
  });

  it('an operator finds an account by its public id', () => {
    expect(planOf(directory, 'SELECT id FROM account WHERE public_id = ?')).toMatch(
      /^SEARCH account USING COVERING INDEX \w+ \(public_id=\?\)$/,
    );
  });

  it('the sweep takes messages in the order in which their time ends', () => {
    const plan = planOf(spool, SWEEP_SQL.messages);
    expect(plan).toBe('SEARCH message USING INDEX message_by_end (<expr><?)');
  });

  it('MTA-STS policies are read and removed in the order in which they end', () => {
    expect(planOf(directory, STS_SQL.newest)).toBe('SCAN sts_policy USING INDEX sts_policy_by_end');
    const plan = planOf(directory, STS_SQL.deleteExpired);
    expect(plan).toContain('SEARCH sts_policy USING COVERING INDEX sts_policy_by_end (expires_at<?)');
    expect(plan).not.toContain('B-TREE');
  });

  it('a stored message is one seek by the id in its key', () => {
    expect(planOf(spool, STORED_SQL.find)).toBe(
      'SEARCH m USING INTEGER PRIMARY KEY (rowid=?); SEARCH c USING INTEGER PRIMARY KEY (rowid=?)',
    );
    expect(planOf(spool, STORED_SQL.findToRemove)).toBe('SEARCH m USING INTEGER PRIMARY KEY (rowid=?)');
  });

  it('one recipient of a batch is one seek, open or ended, and whether any is left is another', () => {
    expect(planOf(spool, STORED_SQL.recipient)).toBe('SEARCH batch_recipient USING PRIMARY KEY (message=? AND delivery=?)');
    expect(planOf(spool, STORED_SQL.openRecipient)).toBe('SEARCH queue USING INDEX queue_by_message (message=? AND id=?)');
    expect(planOf(spool, STORED_SQL.anyRecipient)).toBe('SEARCH batch_recipient USING PRIMARY KEY (message=?)');
    expect(planOf(spool, SETTLE_SQL.keepRecipient)).toBe(
      'SEARCH queue USING PRIMARY KEY (destination=? AND account=? AND priority=? AND due=? AND id=?)',
    );
    const plan = planOf(spool, SETTLE_SQL.keepNoLonger);
    expect(plan).toMatch(/^SEARCH message USING INTEGER PRIMARY KEY \(rowid=\?\); /);
    expect(plan).toContain('SEARCH b USING PRIMARY KEY (message=?)');
    expect(planOf(spool, 'DELETE FROM batch_recipient WHERE message = ?')).toBe('SEARCH batch_recipient USING PRIMARY KEY (message=?)');
  });

  it('answers to idempotency keys are found by key and swept by age', () => {
    expect(planOf(spool, IDEMPOTENCY_SQL.find)).toBe('SEARCH given_answer USING PRIMARY KEY (account=? AND domain=? AND key=?)');
    const plan = planOf(spool, IDEMPOTENCY_SQL.sweep);
    expect(plan).toContain('SEARCH given_answer USING COVERING INDEX given_answer_by_time (at<?)');
    expect(plan).not.toMatch(/B-TREE|SCAN/);
  });

  it('HTTP calls are taken in order of an origin, found by seeks from origin to origin, and swept by age', () => {
    expect(planOf(events, HTTP_CALL_SQL.first)).toBe('SEARCH http_call USING INDEX http_call_by_origin (origin=?)');
    expect(planOf(events, HTTP_CALL_SQL.origins)).not.toMatch(/SCAN http_call|B-TREE/);
    const plan = planOf(events, HTTP_CALL_SQL.sweep);
    expect(plan).toContain('SEARCH http_call USING INDEX http_call_by_created (created_at<?)');
    expect(plan).not.toMatch(/B-TREE|SCAN/);
  });

  it.each([true, false])('events seek to the start of the page in each stream (ascending %s)', (ascending) => {
    const seek = /^SEARCH event USING (COVERING )?INDEX (\w+) \((\w+=\? AND )?stream=\? AND \(at,id\)>\(\?,\?\) AND \(at,id\)<\(\?,\?\)\)$/;
    for (const [narrowed, index] of [
      ['byStream', 'event_by_stream'],
      ['byRecipient', 'event_by_recipient'],
      ['byMessage', 'event_by_message'],
    ] as const) {
      const plan = planOf(events, eventSql(narrowed, ascending));
      expect(plan).toMatch(seek);
      expect(plan).toContain(index);
    }
  });

  it.each(Object.entries(TEMPLATE_SQL))('%s of templates seeks in an index, and sorts nothing', (_name, sql) => {
    const plan = planOf(directory, sql);
    expect(plan).toMatch(/^SEARCH template(_version)? USING (COVERING )?INDEX/);
    expect(plan).not.toMatch(/SCAN|B-TREE/);
  });
});
