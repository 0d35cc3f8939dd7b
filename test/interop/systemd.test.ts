/** The unit under systemd's own tools (package systemd), and readiness as a service manager hears it (python3 holds the socket: Node has none of its kind). */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { tempDir } from '../support/temp-dir.mjs';
import { waitFor } from '../support/wait-for.mjs';

const at = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const unit = at('systemd/mailwagon.service');

/** Runs a tool that must be installed. */
function run(command: string, ...args: string[]) {
  const { error, status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  if (error) throw new Error(`${command} cannot be run (Debian package systemd): ${error.message}`);
  return { status, stdout, stderr };
}

describe('systemd/mailwagon.service', () => {
  it('is rated OK or better by systemd-analyze', () => {
    // The threshold is ten times the exposure; up to 4.0 is called OK.
    const { status, stdout } = run('systemd-analyze', 'security', '--offline=true', '--no-pager', '--threshold=40', unit);
    expect(stdout).toMatch(/Overall exposure level for mailwagon\.service: [\d.]+ OK/);
    expect(status).toBe(0);
  });

  it('holds no line that systemd does not understand', () => {
    const { status, stderr } = run('systemd-analyze', 'verify', '--man=no', unit);
    expect(stderr).not.toContain('mailwagon.service');
    expect(status).toBe(0);
  });

  it('comes with the user it runs as', () => {
    const { status, stderr } = run('systemd-sysusers', '--dry-run', at('systemd/mailwagon.sysusers'));
    expect(status, stderr).toBe(0);
    const user = /^User=(\S+)$/m.exec(readFileSync(unit, 'utf8'))?.[1];
    expect(readFileSync(at('systemd/mailwagon.sysusers'), 'utf8')).toMatch(new RegExp(`^u ${user} `, 'm'));
  });
});

/** Prints every datagram that arrives at the socket, one line each. */
const LISTENER = `
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
print("LISTENING", flush=True)
while True:
    print(s.recv(4096).decode().replace("\\n", " "), flush=True)
`;

it('reports READY, RELOADING and STOPPING to the service manager', async () => {
  const { path: dir, cleanup } = tempDir('mailwagon-notify-');
  const socket = join(dir, 'notify');
  const manager = spawn('python3', ['-c', LISTENER, socket], { stdio: ['ignore', 'pipe', 'inherit'] });
  let heard = '';
  manager.stdout.setEncoding('utf8').on('data', (chunk) => {
    heard += chunk;
  });
  try {
    await waitFor(() => heard.includes('LISTENING'));
    writeFileSync(join(dir, 'mailwagon.yaml'), 'dataDir: data\nlisten: { smtp: ["127.0.0.1:0"], smtps: [], http: ["127.0.0.1:0"] }\n');
    const server = spawn(process.execPath, [at('bin/mailwagon'), 'serve', '--init'], {
      cwd: dir,
      stdio: 'ignore',
      env: { ...process.env, NOTIFY_SOCKET: socket },
    });
    await waitFor(() => heard.includes('READY=1'));
    server.kill('SIGHUP');
    await waitFor(() => /RELOADING=1.*READY=1/s.test(heard));
    expect(heard).toMatch(/MONOTONIC_USEC=\d+/);
    server.kill('SIGTERM');
    const [code] = await once(server, 'exit');
    expect(code).toBe(0);
    expect(heard).toContain('STOPPING=1');
  } finally {
    manager.kill();
    cleanup();
  }
});
