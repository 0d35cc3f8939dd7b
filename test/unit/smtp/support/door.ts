/** A real door on free ports of 127.0.0.1, with fakes behind it. `stop` is called for every door at the end of each test. */
import { type Logger, pino } from 'pino';
import { afterEach } from 'vitest';
import { systemClock } from '../../../../dist/core/index.js';
import { makeSelfSignedCertificate } from '../../../../dist/net/index.js';
import { defaultSmtpLimits, makeSmtpDoor, type SmtpDoor, type SmtpLimits } from '../../../../dist/smtp/index.js';
import { type FakeDirectory, type FakeIntake, fakeDirectory, fakeIntake } from './fakes.js';

export interface TestDoor {
  /** STARTTLS. */
  port: number;
  /** Implicit TLS. */
  tlsPort: number;
  door: SmtpDoor;
  directory: FakeDirectory;
  intake: FakeIntake;
  /** Parsed log lines, debug included. */
  log: Record<string, unknown>[];
  /** What the door told whoever counts. */
  observed: string[];
}

let made: Promise<{ cert: string; key: string }> | undefined;
export const certificate = () => {
  made ??= makeSelfSignedCertificate({ hostname: 'mail.a.test', notBefore: Date.now() - 86_400_000 });
  return made;
};

const running = new Set<SmtpDoor>();
afterEach(async () => {
  await Promise.all([...running].map((door) => door.stop(0)));
  running.clear();
});

export async function startDoor(
  options: { limits?: Partial<SmtpLimits>; trusted?: (ip: string) => boolean; host?: string; port?: number } = {},
): Promise<TestDoor> {
  const directory = fakeDirectory();
  const intake = fakeIntake();
  const log: Record<string, unknown>[] = [];
  const observed: string[] = [];
  const observer = {
    connection: (result: string) => void observed.push(`connection ${result}`),
    login: (result: string) => void observed.push(`login ${result}`),
  };
  const logger: Logger = pino({ level: 'debug' }, { write: (line: string) => void log.push(JSON.parse(line)) });
  const host = options.host ?? '127.0.0.1';
  const door = makeSmtpDoor({
    listeners: [
      { address: `${host}:${options.port ?? 0}`, implicitTls: false },
      { address: `${host}:0`, implicitTls: true },
    ],
    tls: await certificate(),
    hostname: 'mail.a.test',
    directory,
    intake,
    isTrusted: options.trusted ?? (() => false),
    looseDots: (domain) => domain === 'docomo.ne.jp',
    clock: systemClock,
    logger,
    observer,
    limits: { ...defaultSmtpLimits, authDelayMs: 1, ...options.limits },
  });
  running.add(door);
  const [plain, tls] = await door.start();
  if (plain === undefined || tls === undefined) throw new Error('two listeners');
  return { port: plain.port, tlsPort: tls.port, door, directory, intake, log, observed };
}
