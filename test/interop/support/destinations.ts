/** Real mail servers as destinations: each listens on several loopback addresses, in clear or with the certificate of that address, and keeps no mail. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, mkdirSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { startPostfix } from '../../support/postfix.mjs';
import { tempDir } from '../../support/temp-dir.mjs';
import { waitFor } from '../../support/wait-for.mjs';
import { need, needLibraries, needModule, PYTHON, unpack } from './peers.js';

export interface TlsListener {
  ip: string;
  port: number;
  /** PEM; offers STARTTLS. */
  certificate?: { cert: string; key: string };
}

/** Starts the server for the running test, and gives what it says of its sessions. */
export type StartDestination = (listeners: readonly TlsListener[]) => Promise<() => string>;

const MAIL_UID = 8;

export const startPostfixDestination: StartDestination = async (listeners) => {
  need('postconf', 'postfix');
  const files = Object.fromEntries(
    listeners.flatMap(({ ip, certificate }) => (certificate === undefined ? [] : [[`${ip}.pem`, `${certificate.key}${certificate.cert}`]])),
  );
  const [first] = listeners;
  const postfix = await startPostfix({
    port: first?.port ?? 0,
    settings: { myhostname: 'destination.test', default_transport: 'discard:', relay_transport: 'discard:' },
    files,
    listeners: listeners.map(({ ip, port, certificate }) => {
      const options =
        certificate === undefined
          ? '-o smtpd_tls_security_level=none'
          : `-o smtpd_tls_security_level=may -o smtpd_tls_chain_files=$config/${ip}.pem -o smtpd_tls_loglevel=1`;
      return `${ip}:${port} inet n - n - - smtpd ${options}`;
    }),
  });
  onTestFinished(() => postfix.stop());
  return postfix.log;
};

export const startEximDestination: StartDestination = async (listeners) => {
  const { root, folder, env } = await unpack(['exim4-daemon-light'], ['Debian-exim']);
  const exim = join(root, 'usr/sbin/exim4');
  await needLibraries(exim);
  const spool = join(folder, 'spool');
  mkdirSync(spool, { mode: 0o755 });
  chownSync(spool, MAIL_UID, MAIL_UID);
  const secure = listeners.filter(({ certificate }) => certificate !== undefined);
  for (const { ip, certificate } of secure) {
    const file = join(folder, `${ip}.pem`);
    writeFileSync(file, `${certificate?.key}${certificate?.cert}`, { mode: 0o640 });
    chownSync(file, 0, MAIL_UID);
  }
  const config = join(folder, 'exim4.conf');
  const lines = [
    `exim_path = ${exim}`,
    `spool_directory = ${spool}`,
    `log_file_path = ${spool}/%slog`,
    `pid_file_path = ${spool}/pid`,
    'primary_hostname = destination.test',
    'keep_environment = LD_PRELOAD : NSS_WRAPPER_PASSWD : NSS_WRAPPER_GROUP',
    'log_selector = +tls_cipher',
    `local_interfaces = <; ${listeners.map(({ ip, port }) => `[${ip}]:${port}`).join(' ; ')}`,
    `tls_advertise_hosts = \${if inlist{$received_ip_address}{${secure.map(({ ip }) => ip).join(':')}}{*}{}}`,
    `tls_certificate = ${folder}/$received_ip_address.pem`,
    'acl_smtp_rcpt = accept',
    'begin acl',
    'begin routers',
    'drop:',
    '  driver = redirect',
    '  data = :blackhole:',
    '',
  ];
  writeFileSync(config, lines.join('\n'), { mode: 0o640 });
  chownSync(config, 0, MAIL_UID);
  return startProgram(exim, ['-C', config, '-bdf'], listeners, env);
};

export const startAiosmtpdDestination: StartDestination = async (listeners) => {
  needModule('aiosmtpd', 'python3-aiosmtpd');
  const folder = tempDir('mailwagon-aiosmtpd-');
  onTestFinished(folder.cleanup);
  const told = listeners.map(({ ip, port, certificate }) => {
    if (certificate === undefined) return { ip, port };
    const [cert, key] = [join(folder.path, `${ip}.crt`), join(folder.path, `${ip}.key`)];
    writeFileSync(cert, certificate.cert);
    writeFileSync(key, certificate.key, { mode: 0o600 });
    return { ip, port, cert, key };
  });
  const script = fileURLToPath(new URL('tls-destination.py', import.meta.url));
  return startProgram(PYTHON, [script, JSON.stringify(told)], listeners);
};

/** Runs it until the test ends; resolves when every listener answers. */
async function startProgram(command: string, args: string[], listeners: readonly TlsListener[], env: Record<string, string> = {}) {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'], env: { ...process.env, ...env } });
  const said: string[] = [];
  for (const stream of [child.stdout, child.stderr]) createInterface(stream).on('line', (line) => said.push(line));
  const text = () => said.join('\n');
  onTestFinished(async () => {
    child.kill('SIGTERM');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  });
  await waitFor(async () => (await Promise.all(listeners.map(answers))).every(Boolean), { timeoutMs: 20_000, what: command }).catch(
    (error) => {
      throw new Error(`${error.message}\n${text()}`);
    },
  );
  return text;
}

function answers({ ip, port }: TlsListener): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: ip, port });
    socket.once('data', () => resolve(true)).once('error', () => resolve(false));
    socket.once('data', () => socket.end('QUIT\r\n'));
  });
}
