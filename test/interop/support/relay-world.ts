/** A world whose destination is a real mail server, and what must hold of every mail that came through to it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished } from 'vitest';
import { openWorld, readMessage, type World, type WorldOptions } from '../../scenarios/support/world.js';
import { verifyDkim } from '../../support/verify-dkim.mjs';
import { waitFor } from '../../support/wait-for.mjs';
import { needModule, PYTHON } from './peers.js';
import type { Words } from './recipe.js';

export interface Arrived {
  mailFrom: string;
  rcptTo: string[];
  data: Buffer;
}

export interface RelayWorld extends World {
  arrived: Arrived[];
  /** For the recipes. */
  words: Words;
  /** Waits for one mail at the destination that came in with TLS and a login, is signed, and is told as delivered. */
  expectRelayed(): Promise<Arrived>;
}

/** `aiosmtpd` (package python3-aiosmtpd) in a process of its own. */
async function startDestination(): Promise<{ port: number; arrived: Arrived[] }> {
  needModule('aiosmtpd', 'python3-aiosmtpd');
  const script = fileURLToPath(new URL('destination.py', import.meta.url));
  const child = spawn(PYTHON, [script], { stdio: ['pipe', 'pipe', 'inherit'] });
  onTestFinished(async () => {
    child.kill('SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  });
  const lines = createInterface(child.stdout);
  const [port] = await once(lines, 'line');
  const arrived: Arrived[] = [];
  lines.on('line', (line) => {
    const { mailFrom, rcptTo, data } = JSON.parse(line);
    arrived.push({ mailFrom, rcptTo, data: Buffer.from(data, 'base64') });
  });
  return { port: Number(port), arrived };
}

export async function openRelayWorld(options: WorldOptions = {}): Promise<RelayWorld> {
  const { port, arrived } = await startDestination();
  const world = await openWorld({ ...options, config: { ...options.config, delivery: { ...options.config?.delivery, port } } });
  const { smtp, smtps } = world.server.addresses;
  const words = {
    HOST: '127.0.0.1',
    PORT: smtp[0] ?? 0,
    SMTPS_PORT: smtps[0] ?? 0,
    LOGIN: world.login,
    PASSWORD: world.password,
    RECIPIENT: 'rcpt@dst.test',
  };
  return {
    ...world,
    arrived,
    words,
    async expectRelayed() {
      const message = await waitFor(() => arrived[0], { timeoutMs: 20_000, what: 'a mail at the destination' });
      const { head } = readMessage(message.data);
      expect(message.rcptTo).toEqual([words.RECIPIENT]);
      expect(head).toMatch(/^Received: from .* by mail\.mailwagon\.test \(Mailwagon\) with (UTF8)?E?SMTPSA id/m);
      expect(await verifyDkim(message.data, world.records)).toEqual(['pass']);
      const events = await world.waitForEvents({ accepted: 1, delivered: 1 });
      expect(events[0]).toMatchObject({ method: 'smtp', flags: { 'is-authenticated': true } });
      return message;
    },
  };
}
