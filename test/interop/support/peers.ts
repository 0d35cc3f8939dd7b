/** Programs of other people: where they come from, and how they are run beside the test. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { appendFileSync, chmodSync, copyFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { tempDir } from '../../support/temp-dir.mjs';

/** The system's Python, which has Debian's modules. */
export const PYTHON = '/usr/bin/python3';

/** Throws with the package's name when the program is not there. */
export function need(program: string, packageName: string): void {
  if (spawnSync('which', [program]).status !== 0) throw new Error(`${program} is missing: install the package "${packageName}"`);
}

/** The same for a Python module. */
export function needModule(module: string, packageName: string): void {
  const { status } = spawnSync(PYTHON, ['-c', `import ${module}`]);
  if (status !== 0) throw new Error(`Python module ${module} is missing: install the package "${packageName}"`);
}

export interface Ended {
  code: number | null;
  /** Standard output and standard error, as they came. */
  text: string;
}

/** Runs a program to its end without holding up this process, which answers DNS. */
export function run(
  command: string,
  args: string[],
  options: { input?: string | Buffer; env?: Record<string, string>; cwd?: string } = {},
): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child: ChildProcess = spawn(command, args, { cwd: options.cwd, env: { ...process.env, ...options.env } });
    let text = '';
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => (text += chunk));
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, text }));
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(options.input ?? '');
  });
}

/**
 * Debian packages that cannot be installed side by side, unpacked into a folder for the running test. `env` lets their programs find the users they
 * would have been installed with.
 */
export async function unpack(packages: string[], users: string[]): Promise<{ root: string; folder: string; env: Record<string, string> }> {
  const folder = tempDir('mailwagon-peer-');
  onTestFinished(folder.cleanup);
  chmodSync(folder.path, 0o755);
  const downloaded = await run('apt-get', ['-q', 'download', ...packages], { cwd: folder.path });
  if (downloaded.code !== 0) throw new Error(`cannot download ${packages.join(' ')} with apt-get:\n${downloaded.text}`);
  const root = join(folder.path, 'root');
  for (const file of readdirSync(folder.path).filter((name) => name.endsWith('.deb'))) {
    const { code, text } = await run('dpkg', ['-x', file, root], { cwd: folder.path });
    if (code !== 0) throw new Error(`cannot unpack ${file}: ${text}`);
  }
  // A program with a set-id bit would not see the environment.
  await run('find', [root, '-type', 'f', '-perm', '/6000', '-exec', 'chmod', 'ug-s', '{}', '+']);
  return { root, folder: folder.path, env: usersOf(folder.path, users) };
}

/** Adds users through nss_wrapper, each with the id of `mail`. */
function usersOf(folder: string, users: string[]): Record<string, string> {
  const [passwd, group] = [join(folder, 'passwd'), join(folder, 'group')];
  copyFileSync('/etc/passwd', passwd);
  copyFileSync('/etc/group', group);
  for (const user of users) {
    appendFileSync(passwd, `${user}:x:8:8::/nonexistent:/bin/false\n`);
    appendFileSync(group, `${user}:x:8:\n`);
  }
  const library = spawnSync('sh', ['-c', 'ls /usr/lib/*/libnss_wrapper.so'], { encoding: 'utf8' }).stdout.trim();
  if (library === '') throw new Error('libnss_wrapper is missing: install the package "libnss-wrapper"');
  // A machine without a name of its own keeps Sendmail waiting for one for a minute.
  const hosts = join(folder, 'hosts');
  writeFileSync(hosts, '127.0.0.1 relay.test localhost\n');
  return {
    LD_PRELOAD: library,
    NSS_WRAPPER_PASSWD: passwd,
    NSS_WRAPPER_GROUP: group,
    NSS_WRAPPER_HOSTS: hosts,
    NSS_WRAPPER_HOSTNAME: 'relay.test',
  };
}

/** Throws with the names of the shared libraries that a program misses. */
export async function needLibraries(program: string): Promise<void> {
  const { text } = await run('ldd', [program]);
  const missing = [...text.matchAll(/(\S+) => not found/g)].map(([, name]) => name);
  if (missing.length > 0) throw new Error(`${program} needs ${missing.join(', ')}: install the packages that hold them`);
}
