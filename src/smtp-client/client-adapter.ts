/**
 * The only file that touches private members of nodemailer's SMTP client. Its base class gives each member that we use or replace a plain name; the rest
 * of the room is written against those. `checkClientLibrary` says at start if the installed version lacks one of them.
 * Why we depend on them at all: docs/decisions/0005-nodemailer-smtp-client.md.
 */
import { createRequire } from 'node:module';
import type { Socket } from 'node:net';
import SMTPConnection from 'nodemailer/lib/smtp-connection';
import { type MemberShape, missingMembers, requireMembers } from '#core';

export type ClientOptions = ConstructorParameters<typeof SMTPConnection>[0];
export type SendParameters = Parameters<SMTPConnection['send']>;
export type SendDone = SendParameters[2];
/** Called with the reply to the message. */
export type MessageDone = (error: Error | null, reply?: string) => void;
type ResponseAction = (this: SMTPConnection, reply: string) => void;

/** What the library writes a message to. */
export interface SendStream {
  outByteCount: number;
  write(message: Buffer): unknown;
  end(): unknown;
  once?(event: 'end', listener: () => void): unknown;
}

/** The private part of the library's class. */
interface Internals {
  /** What is done with each reply that is still to come, in order. */
  _responseActions: ResponseAction[];
  _destroyed: boolean;
  lastServerResponse: string;
  _sendCommand(command: string, shown?: string): void;
  _onError(error: Error, code: string, reply: false, command: string): void;
  _onServerClosing(reply: string): void;
  _upgradeConnection(done: (error: Error | null) => void): void;
  _createSendStream(done: MessageDone): SendStream;
  _actionSMTPStream(reply: string, done: MessageDone): void;
}

const library = SMTPConnection.prototype as unknown as Internals;

/** One connection. The library decides what is said when; who extends this decides how replies are read and how a message is written. */
export abstract class ClientBase extends SMTPConnection {
  /** The library wants to say a command. `shown` is the command without its secrets. `say` says it. */
  protected abstract beforeCommand(command: string, shown: string | undefined): void;
  /** TLS begins: nothing that came before it counts. */
  protected abstract beforeUpgrade(): void;
  /** Bytes of the peer. */
  protected abstract received(chunk: Buffer): void;
  /** The peer has said 354. Gives what the library writes the message to. */
  protected abstract openSendStream(done: MessageDone): SendStream;

  /** The connection is closed, and nothing that still comes matters. */
  protected get isOver(): boolean {
    return this.#inner._destroyed;
  }

  /** Undefined once the connection is closed. */
  get socket(): Socket | undefined {
    return this._socket || undefined;
  }

  get #inner(): Internals {
    return this as unknown as Internals;
  }

  protected say(command: string, shown: string | undefined): void {
    library._sendCommand.call(this, command, shown);
  }

  /** Does what the library does upon the next reply. */
  protected act(reply: string): void {
    this.#inner.lastServerResponse = reply;
    this.#inner._responseActions.shift()?.call(this, reply);
  }

  /** Takes back what would be done upon the last reply that is awaited. */
  protected takeBackAction(): ((reply: string) => void) | undefined {
    return this.#inner._responseActions.pop()?.bind(this);
  }

  /** The reply said that the peer closes. */
  protected peerCloses(reply: string): void {
    this.#inner._onServerClosing(reply);
  }

  /** Ends the connection; what is in progress fails. */
  protected failWith(error: Error, code: string): void {
    this.#inner._onError(error, code, false, 'CONN');
  }

  /** The library's own stream, which doubles dots and adds the last one. */
  protected makeSendStream(done: MessageDone): SendStream {
    return library._createSendStream.call(this, done);
  }

  /** The next reply is the one to the message. */
  protected expectMessageReply(done: MessageDone): void {
    this.#inner._responseActions.push((reply) => library._actionSMTPStream.call(this.#inner, reply, done));
  }

  /** Overrides the library's, like those below. */
  _sendCommand(command: string, shown?: string): void {
    this.beforeCommand(command, shown);
  }

  _upgradeConnection(done: (error: Error | null) => void): void {
    this.beforeUpgrade();
    library._upgradeConnection.call(this, done);
  }

  _onData(chunk: Buffer): void {
    this.received(chunk);
  }

  _createSendStream(done: MessageDone): SendStream {
    return this.openSendStream(done);
  }
}

/** Every member that is used or replaced above and in the classes that extend this one, but for what every EventEmitter has. */
const MEMBERS: Readonly<Record<string, MemberShape>> = {
  _actionSMTPStream: 2,
  _createSendStream: 1,
  _destroyed: 'boolean',
  _onData: 1,
  _onError: 4,
  _onServerClosing: 1,
  _responseActions: 'array',
  _sendCommand: 2,
  _socket: 'boolean',
  _upgradeConnection: 1,
  close: 0,
  connect: 1,
  lastServerResponse: 'boolean',
  login: 2,
  quit: 0,
  reset: 1,
  send: 3,
};

/** What the library lacks or has in another shape. */
export const missingClientMembers = (client: new () => object): string[] => missingMembers('SMTPConnection', new client(), MEMBERS);

/** Throws when the installed library is not one that the base class fits. */
export function checkClientLibrary(): void {
  const { version } = createRequire(import.meta.url)('nodemailer/package.json') as { version: string };
  requireMembers('nodemailer', version, missingClientMembers(SMTPConnection));
}
