/** A directory of two accounts and an intake that keeps what it is given, with the behaviour of the real ones that the server relies on. */

import { type Refusal, StoreError } from '#core';
import { DEFAULT_DOMAIN_SETTINGS, type Directory } from '#directory';
import type { Intake, Submission } from '#intake';
import type { CredentialRecord, DomainRecord } from '#store';

export function domainRecord(id: number, account: number, name: string, state: DomainRecord['state'] = 'active'): DomainRecord {
  return {
    id,
    account,
    publicId: String(id).padStart(24, '0'),
    name,
    type: 'custom',
    state,
    ...DEFAULT_DOMAIN_SETTINGS,
    createdAt: 0,
  };
}

export interface FakeDirectory extends Pick<Directory, 'credentials' | 'domains'> {
  hosted: Map<string, DomainRecord>;
  /** login → password. */
  passwords: Map<string, string>;
  /** Throws this from every look-up while set. */
  failure: Error | undefined;
  /** Calls of verify. */
  verified: number;
  /** `login client` pairs that were right. */
  clients: Set<string>;
}

/** Account 1 has a.test and other-a.test, account 2 has b.test. `user@a.test` logs in with `secret-a`, `user@b.test` with `secret-b`. */
export function fakeDirectory(): FakeDirectory {
  const hosted = new Map(
    [
      domainRecord(1, 1, 'a.test'),
      domainRecord(2, 1, 'other-a.test'),
      domainRecord(3, 2, 'b.test'),
      domainRecord(4, 2, 'off.test', 'disabled'),
    ].map((domain) => [domain.name, domain]),
  );
  const passwords = new Map([
    ['user@a.test', 'secret-a'],
    ['user@b.test', 'secret-b'],
    ['usér@a.test', 'pässwörd'],
  ]);
  const unused = new Proxy({}, { get: (_target, name) => () => Promise.reject(new Error(`${String(name)} is not faked`)) });
  const directory = {
    hosted,
    passwords,
    failure: undefined as Error | undefined,
    verified: 0,
    clients: new Set<string>(),
    domains: Object.assign(Object.create(unused), {
      nearest: (name: string) => directory.domains.find(name),
      async find(name: string) {
        if (directory.failure) throw directory.failure;
        return hosted.get(name);
      },
    }) as Directory['domains'],
    credentials: Object.assign(Object.create(unused), {
      async verify(login: string, password: string) {
        directory.verified++;
        if (directory.failure) throw directory.failure;
        const domain = hosted.get(login.slice(login.lastIndexOf('@') + 1));
        if (passwords.get(login.toLowerCase()) !== password || domain === undefined || domain.state === 'disabled') return undefined;
        const credential: CredentialRecord = { id: 1, account: domain.account, domain: domain.id, login, passwordHash: '', createdAt: 0 };
        return { credential, domain };
      },
      knowsClient: async (login: string, client: string) => directory.clients.has(`${login} ${client}`),
      rememberClient: async (login: string, client: string) => void directory.clients.add(`${login} ${client}`),
      async isCurrent(credential: CredentialRecord) {
        return passwords.has(credential.login);
      },
    }) as Directory['credentials'],
  };
  return directory;
}

export interface Kept extends Omit<Submission, 'content'> {
  bytes: Buffer;
}

export interface FakeIntake extends Intake {
  kept: Kept[];
  /** What refusalNow() gives. */
  pressure: Refusal | undefined;
  /** Transfers that ended in an error of the content. */
  dropped: Error[];
  /** Called before the content is read. */
  before: (submission: Submission) => Promise<void> | void;
  /** Called with every chunk. */
  during: (read: number) => Promise<void> | void;
  /** Called when all is read and nothing is kept yet. */
  after: () => Promise<void> | void;
}

export function fakeIntake(): FakeIntake {
  const intake: FakeIntake = {
    kept: [],
    dropped: [],
    before: () => undefined,
    during: () => undefined,
    after: () => undefined,
    pressure: undefined,
    refusalNow: () => intake.pressure,
    idempotencyRecord: async () => undefined,
    async accept(submission) {
      await intake.before(submission);
      const { content, ...rest } = submission;
      const chunks: Uint8Array[] = [];
      let read = 0;
      try {
        // The SMTP server hands the message on as it comes in.
        for await (const chunk of content as AsyncIterable<Uint8Array>) {
          chunks.push(chunk);
          read += chunk.length;
          await intake.during(read);
        }
      } catch (error) {
        intake.dropped.push(error as Error);
        throw error;
      }
      await intake.after();
      intake.kept.push({ ...rest, bytes: Buffer.concat(chunks) });
      return { messageId: `m${intake.kept.length}@test` };
    },
  };
  return intake;
}

export const storeFull = () => new StoreError('full', 'no space left on device /secret/path');
