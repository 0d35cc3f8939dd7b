// @ts-check
/**
 * A private Postfix: its own configuration, queue and log in a temporary folder, in the foreground, beside whatever Postfix the machine has. Needs root
 * and Debian's `postfix` package, which may be stopped.
 */
import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { tempDir } from './temp-dir.mjs';
import { waitFor } from './wait-for.mjs';

/** service, type, private, unprivileged, chroot, wakeup, process limit, program; `smtpd` stands for the listener. */
const SERVICES = `
pickup     unix  n - n 60  1  pickup
cleanup    unix  n - n -   0  cleanup
qmgr       unix  n - n 300 1  qmgr
tlsmgr     unix  - - n -   1  tlsmgr
rewrite    unix  - - n -   -  trivial-rewrite
bounce     unix  - - n -   0  bounce
defer      unix  - - n -   0  bounce
trace      unix  - - n -   0  bounce
verify     unix  - - n -   1  verify
flush      unix  n - n -   0  flush
proxymap   unix  - - n -   -  proxymap
proxywrite unix  - - n -   1  proxymap
smtp       unix  - - n -   -  smtp
relay      unix  - - n -   -  smtp
showq      unix  n - n -   -  showq
error      unix  - - n -   -  error
retry      unix  - - n -   -  error
discard    unix  - - n -   -  discard
local      unix  - n n -   -  local
virtual    unix  - n n -   -  virtual
anvil      unix  - - n -   1  anvil
scache     unix  - - n -   1  scache
postlog    unix-dgram n - n - 1 postlogd
`;

/**
 * @param {{ port: number, settings: Record<string, string>, files?: Record<string, string>, listeners?: string[] }} options
 * @returns {Promise<import('./postfix.d.mts').Postfix>}
 */
export async function startPostfix({ port, settings, files = {}, listeners }) {
  const folder = tempDir('mailwagon-postfix-');
  const config = join(folder.path, 'config');
  const log = join(folder.path, 'maillog');
  const owner = postfixUser();
  // Its daemons are other users.
  chmodSync(folder.path, 0o755);
  for (const name of ['config', 'queue', 'data']) mkdirSync(join(folder.path, name), { mode: 0o755 });
  chownSync(join(folder.path, 'data'), owner, 0);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(config, name), text, { mode: 0o600 });
  const main = {
    compatibility_level: '3.6',
    queue_directory: join(folder.path, 'queue'),
    data_directory: join(folder.path, 'data'),
    maillog_file: log,
    maillog_file_prefixes: folder.path,
    inet_protocols: 'ipv4',
    inet_interfaces: '127.0.0.1',
    mynetworks: '127.0.0.0/8',
    mydestination: '',
    alias_maps: '',
    alias_database: '',
    local_recipient_maps: '',
    smtpd_relay_restrictions: 'permit_mynetworks, reject',
    ...Object.fromEntries(Object.entries(settings).map(([name, value]) => [name, value.replaceAll('$config', config)])),
  };
  writeFileSync(
    join(config, 'main.cf'),
    `${Object.entries(main)
      .map(([name, value]) => `${name} = ${value}`)
      .join('\n')}\n`,
  );
  const services = (listeners ?? [`127.0.0.1:${port} inet n - n - - smtpd`]).map((line) => `${line.replaceAll('$config', config)}\n`);
  writeFileSync(join(config, 'master.cf'), `${services.join('')}${SERVICES.trimStart()}`);

  const errors = [];
  const child = spawn('postfix', ['-c', config, 'start-fg'], { stdio: ['ignore', 'pipe', 'pipe'] });
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => errors.push(String(chunk)));
  let hasEnded = false;
  const ended = new Promise((resolve) => {
    child.on('close', () => {
      hasEnded = true;
      resolve(undefined);
    });
  });
  child.on('error', (error) => errors.push(String(error)));
  const readLog = () => {
    try {
      return readFileSync(log, 'utf8');
    } catch {
      return '';
    }
  };
  const stop = async () => {
    if (!hasEnded) spawnSync('postfix', ['-c', config, 'stop'], { stdio: 'ignore' });
    await ended;
    folder.cleanup();
  };
  try {
    await waitFor(async () => hasEnded || (await answers(listeners?.[0]?.split(':')[0] ?? '127.0.0.1', port)), {
      timeoutMs: 20_000,
      intervalMs: 100,
      what: 'Postfix to answer',
    });
    if (hasEnded) throw new Error('it ended at once');
  } catch (error) {
    const text = `${error instanceof Error ? error.message : error}\n${errors.join('')}\n${readLog()}`;
    await stop();
    throw new Error(`Postfix did not start: ${text}`);
  }
  return { port, config, log: readLog, stop };
}

function postfixUser() {
  const { stdout, status } = spawnSync('id', ['-u', 'postfix'], { encoding: 'utf8' });
  if (status !== 0) throw new Error('there is no user "postfix": install the package "postfix"');
  return Number(stdout);
}

/** @param {string} ip @param {number} port @returns {Promise<boolean>} */
function answers(ip, port) {
  return new Promise((resolve) => {
    const socket = connect(port, ip);
    socket.once('data', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
