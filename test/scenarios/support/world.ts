/**
 * The world of a scenario: the real server process, a DNS server and a mail exchanger that do as they are told, and one domain to send as. Everything
 * is closed when the test ends, the server in good order (exit 0); when the test fails, the server's log is printed.
 */
import { expect, onTestFailed, onTestFinished } from 'vitest';
import { type FakeDns, type FakeDnsEntry, type FakeDnsSpecial, startFakeDns } from '../../support/fake-dns.mjs';
import { type FormFile, type FormValue, type MailwagonProcess, makeMailwagon } from '../../support/mailwagon-process.mjs';
import { type ScriptedMx, type ScriptedMxOptions, startScriptedMx } from '../../support/scripted-mx.mjs';
import { type SmtpMessage, smtpSend } from '../../support/smtp-send.mjs';
import { tempDir } from '../../support/temp-dir.mjs';
import { waitFor } from '../../support/wait-for.mjs';

/** An event as the API shows it. */
export interface WireEvent {
  event: string;
  id: string;
  timestamp: number;
  severity?: string;
  recipient: string;
  reason?: string;
  tags: string[];
  message: { headers: { 'message-id': string; subject: string }; size: number };
  'user-variables': Record<string, unknown>;
  'delivery-status'?: {
    code: number;
    message: string;
    'attempt-no': number;
    'mx-host'?: string;
    tls?: boolean;
    'certificate-verified'?: boolean;
    cipher?: string;
    'retry-seconds'?: number;
    description: string;
    'enhanced-code'?: string;
  };
  flags: { 'is-test-mode': boolean; 'is-authenticated': boolean };
  method: 'smtp' | 'http';
}

export interface DnsRecordShown {
  record_type: string;
  name: string;
  value: string;
  valid: string;
}

export interface WorldOptions {
  // biome-ignore lint/suspicious/noExplicitAny: a configuration file, laid over the world's own.
  config?: Record<string, any>;
  mx?: ScriptedMxOptions;
  /** Beside `dst.test`, whose mail exchanger is the scripted one. */
  zones?: Record<string, FakeDnsEntry | FakeDnsSpecial>;
  /** Puts another program in front of the server. */
  wrap?: (command: string[]) => string[];
  /** Where the data lies; a temporary folder. */
  dataDir?: string;
}

export interface World {
  server: MailwagonProcess;
  mx: ScriptedMx;
  dns: FakeDns;
  folder: string;
  /** `src.test`, with its login and the records it shows. */
  domain: string;
  login: string;
  password: string;
  records: DnsRecordShown[];
  /** Sends over the HTTP API with defaults for what is not given; gives the Message-ID without brackets, and throws unless the answer is 200. */
  send(form?: Record<string, FormValue | FormValue[]>): Promise<string>;
  /** Sends over SMTP with STARTTLS and AUTH; gives the last reply. */
  submit(message?: SmtpMessage): ReturnType<typeof smtpSend>;
  /** Every event of the domain, oldest first. */
  events(): Promise<WireEvent[]>;
  /** Waits until the domain has exactly these events, `{ accepted: 1, 'failed permanent': 1 }`, and gives them, oldest first. */
  waitForEvents(counts: Record<string, number>): Promise<WireEvent[]>;
}

/** Opens a world for the running test. */
export async function openWorld(options: WorldOptions = {}): Promise<World> {
  const folder = tempDir('mailwagon-scenario-');
  const mx = await startScriptedMx({ hostname: 'mx.dst.test', ...options.mx });
  const dns = await startFakeDns({
    'dst.test': { MX: [{ preference: 10, exchange: 'mx.dst.test' }] },
    'mx.dst.test': { A: [mx.host] },
    ...options.zones,
  });
  const server = makeMailwagon({
    folder: folder.path,
    wrap: options.wrap,
    config: {
      dns: { servers: [dns.address] },
      limits: { unverifiedDomainPerDay: null },
      ...(options.dataDir === undefined ? {} : { dataDir: options.dataDir }),
      ...options.config,
      delivery: { port: mx.port, allowPrivateNetworks: true, ...options.config?.delivery },
    },
  });
  onTestFailed(() => console.error(`The server's log:\n${server.logText()}`));
  onTestFinished(async () => {
    try {
      expect(await server.stop()).toBe(0);
    } finally {
      await server.kill();
      await Promise.all([mx.close(), dns.close()]);
      folder.cleanup();
    }
  });
  await server.init();
  await server.start();
  const { login, password, records } = await addDomain(server, 'src.test');
  return { server, mx, dns, folder: folder.path, domain: 'src.test', login, password, records, ...clientOf(server, login, password) };
}

/** Creates a domain with a login. */
export async function addDomain(server: MailwagonProcess, name: string) {
  const password = 'correct-horse-battery';
  const { status, text, body } = await server.api('POST', '/v4/domains', { form: { name, smtp_password: password } });
  if (status !== 200) throw new Error(`POST /v4/domains answered ${status}: ${text}`);
  return { login: body.domain.smtp_login as string, password, records: body.sending_dns_records as DnsRecordShown[] };
}

function clientOf(server: MailwagonProcess, login: string, password: string): Pick<World, 'send' | 'submit' | 'events' | 'waitForEvents'> {
  const events = () => allEvents(server, 'src.test');
  return {
    events,
    async send(form = {}) {
      const whole = { from: 'Sender <sender@src.test>', to: 'rcpt@dst.test', subject: 'Hello', text: 'Hello there', ...form };
      const { status, body, text } = await server.api('POST', '/v3/src.test/messages', { form: whole });
      if (status !== 200) throw new Error(`POST /v3/src.test/messages answered ${status}: ${text}`);
      return String(body.id).slice(1, -1);
    },
    submit: (message = {}) =>
      smtpSend(
        { port: server.addresses.smtp[0] ?? 0, login, password },
        message.raw === undefined
          ? { from: 'Sender <sender@src.test>', to: 'rcpt@dst.test', subject: 'Hello', text: 'Hello there', ...message }
          : message,
      ),
    async waitForEvents(counts) {
      const wanted = canonical(counts);
      let found: WireEvent[] = [];
      const isThere = async () => {
        found = await events();
        return canonical(countEvents(found)) === wanted && found;
      };
      return await waitFor(isThere, { timeoutMs: 15_000, intervalMs: 50, what: wanted }).catch((error) => {
        throw new Error(`${error.message}; there are ${canonical(countEvents(found))}`);
      });
    },
  };
}

/** Follows the pages of the event log to its end. */
export async function allEvents(server: MailwagonProcess, domain: string): Promise<WireEvent[]> {
  const found: WireEvent[] = [];
  let path = `/v3/${domain}/events?ascending=yes&limit=300`;
  for (;;) {
    const { status, body, text } = await server.api('GET', path);
    if (status !== 200) throw new Error(`GET ${path} answered ${status}: ${text}`);
    if (body.items.length === 0) return found;
    found.push(...body.items);
    path = new URL(body.paging.next).pathname + new URL(body.paging.next).search;
  }
}

/** `{ accepted: 2, 'failed temporary': 1 }`. */
export function countEvents(events: readonly WireEvent[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { event, severity } of events) {
    const name = severity ? `${event} ${severity}` : event;
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}

const canonical = (counts: Record<string, number>) => JSON.stringify(Object.entries(counts).sort());

/** A file part of a form. */
export const file = (name: string, bytes: Buffer | string, type?: string): FormFile => ({ name, bytes, type });

/** Head and body of a message as text; header lines unfolded. */
export function readMessage(data: Buffer): { head: string; body: string } {
  const text = data.toString('latin1');
  const end = text.indexOf('\r\n\r\n');
  return { head: text.slice(0, end).replace(/\r\n[ \t]+/g, ' '), body: text.slice(end + 4) };
}
