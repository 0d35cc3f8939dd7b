/** A refusal of the file system named a code; whoever is to mend it needs to know whose the file is and what to run. */
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { accessAdvice, adviseAccess } from '#cli/access-advice.js';
import { startFailure } from '#cli/start-failure.js';
import { whyUnreadable } from '#config/yaml/unreadable.js';
import { tempDir } from '../support/temp-dir.mjs';

const refused = (code: string, call: string, path: string) =>
  Object.assign(new Error(`${code}: permission denied, ${call} '${path}'`), { code, syscall: call, path });

describe('adviseAccess', () => {
  const facts = { code: 'EACCES', path: '/data/lock.db', existing: '/data/lock.db', owner: 'root', mode: 0o600, me: 'mailwagon' };

  it('names the owner, who asks, and the command', () => {
    expect(adviseAccess(facts, '/data')).toBe(
      '/data/lock.db belongs to root and this is mailwagon: run the command as root, or give it to mailwagon with "chown -R mailwagon: /data".',
    );
    expect(adviseAccess({ ...facts, owner: 'mailwagon', me: 'alice' }, '/data')).toContain('run the command as mailwagon (or root)');
  });

  it('knows a folder that cannot be made, a mode, and a file system that is read-only', () => {
    expect(adviseAccess({ ...facts, path: '/var/lib/mailwagon', existing: '/var/lib' })).toBe(
      '/var/lib belongs to root and this is mailwagon: as root, make it with "install -d -m 0700 -o mailwagon /var/lib/mailwagon".',
    );
    expect(adviseAccess({ ...facts, owner: 'mailwagon', mode: 0o400 })).toBe(
      "/data/lock.db is mailwagon's own, but its mode is 400: chmod u+rwX /data/lock.db",
    );
    expect(adviseAccess({ ...facts, code: 'EROFS' })).toBe('The file system of /data/lock.db is mounted read-only.');
  });
});

describe('startFailure', () => {
  let dir: string;
  let cleanup: () => void;
  beforeEach(() => {
    ({ path: dir, cleanup } = tempDir('mailwagon-access-'));
  });
  afterEach(() => cleanup());

  it('adds the advice, whether the error came with its path or as the text of a store thread', () => {
    const file = join(dir, 'spool.db');
    writeFileSync(file, '');
    chmodSync(file, 0o400);
    const me = userInfo().username;
    const expected = `${file} is ${me}'s own, but its mode is 400: chmod u+rwX ${file}`;
    const own = new Error(`data folder ${dir} is not writable: EACCES`, { cause: refused('EACCES', 'access', file) });
    const threads = new Error(`${file}: EPERM: operation not permitted, chmod '${file}'`);
    for (const error of [own, threads]) {
      const { message } = startFailure(error, dir) as Error;
      expect(message).toBe(`Cannot start: ${error.message}\n${expected}`);
    }
  });

  it('looks at the nearest folder that is there', () => {
    mkdirSync(join(dir, 'a'));
    expect(accessAdvice(refused('EACCES', 'mkdir', join(dir, 'a', 'b', 'c')))).toContain(
      `${join(dir, 'a')} belongs to ${userInfo().username}`,
    );
    expect(accessAdvice(new Error('disk on fire'))).toBeUndefined();
  });
});

it('a configuration or certificate that cannot be read says what to do', () => {
  expect(whyUnreadable('/etc/mailwagon/key.pem', refused('EACCES', 'open', '/etc/mailwagon/key.pem'))).toContain(
    'chgrp mailwagon /etc/mailwagon/key.pem; chmod 640 /etc/mailwagon/key.pem',
  );
  expect(whyUnreadable('/x', Object.assign(new Error(), { code: 'ENOENT' }))).toBe('there is no such file');
});
