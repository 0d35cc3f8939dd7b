/** a real SMTP server on free ports of 127.0.0.1, with fakes behind it. `stop` is called for every server at the end of each test. */
import { type Logger, pino } from 'pino';
import { afterEach } from 'vitest';
import { systemClock } from '#core';
import { makeSelfSignedCertificate } from '#net';
import { defaultSmtpLimits, makeSmtpServer, type SmtpLimits, type SmtpServer } from '#smtp';
import { type FakeDirectory, type FakeIntake, fakeDirectory, fakeIntake } from './fakes.js';

export interface TestServer {
  /** STARTTLS. */
  port: number;
  /** Implicit TLS. */
  tlsPort: number;
  server: SmtpServer;
  directory: FakeDirectory;
  intake: FakeIntake;
  /** Parsed log lines, debug included. */
  log: Record<string, unknown>[];
  /** What the server told whoever counts. */
  observed: string[];
}

let made: Promise<{ cert: string; key: string }> | undefined;
export const certificate = () => {
  made ??= makeSelfSignedCertificate({ hostname: 'mail.a.test', notBefore: Date.now() - 86_400_000 });
  return made;
};

const running = new Set<SmtpServer>();
afterEach(async () => {
  await Promise.all([...running].map((server) => server.stop(0)));
  running.clear();
});

export async function startServer(
  options: { limits?: Partial<SmtpLimits>; trusted?: (ip: string) => boolean; host?: string; port?: number } = {},
): Promise<TestServer> {
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
  const server = makeSmtpServer({
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
  running.add(server);
  const [plain, tls] = await server.start();
  if (plain === undefined || tls === undefined) throw new Error('two listeners');
  return { port: plain.port, tlsPort: tls.port, server, directory, intake, log, observed };
}
