/**
 * The only file that touches private members of the `smtp-server` library. Its three base classes give each member that we use or replace a plain
 * name; the rest of the room is written against those. `checkServerLibrary` says at start if the installed version lacks such a member.
 * Why we depend on them at all: docs/decisions/0004-subclassing-smtp-server.md.
 */
import { createRequire } from 'node:module';
import { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { SMTPServer, type SMTPServerDataStream } from 'smtp-server';
import { SMTPConnection } from 'smtp-server/lib/smtp-connection.js';
import { SMTPStream } from 'smtp-server/lib/smtp-stream.js';
import { type MemberShape, missingMembers, requireMembers } from '#core';

type Done = (error?: Error | null) => void;

/** A listening socket and what it accepted. */
export abstract class ServerBase extends SMTPServer {
  /** Gives false to refuse the connection, after closing it. `handshake`: a TLS handshake comes first. */
  protected abstract admit(socket: Socket, handshake: boolean): boolean;
  /** The handshake of `socket` is done: its session will have `tlsSocket` instead. */
  protected abstract secured(socket: Socket, tlsSocket: TLSSocket): void;

  /** Sockets whose handshake is not done, each with the one on top of it that can be destroyed. */
  protected get handshakes(): ReadonlyMap<Socket, Socket> {
    return this._pendingSockets;
  }

  override _acceptSocket(socket: Socket, handshake: boolean): (() => void) | false {
    return this.admit(socket, handshake) ? super._acceptSocket(socket, handshake) : false;
  }

  override _upgrade(socket: Socket, callback: Parameters<SMTPServer['_upgrade']>[1]): void {
    super._upgrade(socket, (error, tlsSocket) => {
      if (tlsSocket !== undefined) this.secured(socket, tlsSocket);
      callback(error, tlsSocket);
    });
  }
}

/** One connection. The library runs EHLO, HELO, STARTTLS, RSET, NOOP and QUIT; the class that extends this one decides the commands below. */
export abstract class ConnectionBase extends SMTPConnection {
  /** The socket is listened to; `connectionReady` greets. */
  protected abstract attached(): void;
  /** Called by the constructor, and again after STARTTLS. */
  protected abstract makeParser(): StreamBase;
  /** A line, after the greeting and outside of a TLS handshake. `runCommand` lets it run; `done` asks for the next one. */
  protected abstract command(line: Buffer, done: (() => void) | undefined): void;
  /** False takes a command out of this session. */
  protected abstract offers(command: string): boolean;
  protected abstract auth(line: Buffer, done: () => void): void;
  protected abstract mail(line: Buffer, done: () => void): void;
  protected abstract rcpt(line: Buffer, done: () => void): void;
  protected abstract data(line: Buffer, done: () => void): void;
  protected abstract help(line: Buffer, done: () => void): void;
  protected abstract vrfy(line: Buffer, done: () => void): void;
  /** A new EHLO, RSET, STARTTLS and the end of a message all end the transaction. */
  protected abstract transactionOver(): void;
  /** The connection has closed. Called once. */
  protected abstract gone(): void;

  /** Nothing more can be said. */
  protected get isEnding(): boolean {
    return this._closing || this._closed;
  }

  /** A command runs; its reply was not given yet. */
  protected get isWorking(): boolean {
    return this._handlerPending;
  }

  /** The TLS handshake after STARTTLS is under way. */
  protected get isUpgrading(): boolean {
    return this._upgrading;
  }

  /** The next line answers a 334 of AUTH. */
  protected get isInAuth(): boolean {
    return this._nextHandler !== false;
  }

  /** The next line is a command again. */
  protected endAuth(): void {
    this._nextHandler = false;
  }

  /** Bytes wait behind the command that runs: the client sent them without waiting for its reply. */
  protected get hasMore(): boolean {
    return this._parser instanceof StreamBase && this._parser.hasMore;
  }

  /** Runs a command, and its handler here or in the library. */
  protected runCommand(line: Buffer, done: (() => void) | undefined): void {
    super._onCommand(line, done);
  }

  /** Calls back once the client has read enough of the replies. */
  protected whenWritable(next: () => void): void {
    this._whenWritable(next);
  }

  /** The library's AUTH, which asks `onAuth` of the server. */
  protected runAuth(line: Buffer, done: () => void): void {
    super.handler_AUTH(line, done);
  }

  /** 354 and the transfer, which ends in `onData` of the server. */
  protected runData(line: Buffer, done: () => void): void {
    // The library only asks whether there is a recipient.
    this.session.envelope.rcptTo = [{ address: '', args: false }];
    super.handler_DATA(line, done);
  }

  /** Ends the transfer of a message that has not come in whole. */
  protected dropMessage(): void {
    if (this._dataStream) this._dataStream.destroy();
  }

  /** Closes once what was said is written. */
  protected hangUp(): void {
    this._socket.destroySoon();
  }

  /** Cuts the connection. */
  protected cut(): void {
    this._socket.destroy();
  }

  override init(): void {
    this._setListeners(() => this.attached());
  }

  override _createParser(): SMTPStream {
    const parser = this.makeParser();
    parser.oncommand = (line: Buffer, next?: () => void) => this._onCommand(line, next);
    return parser;
  }

  override _onCommand(line: Buffer, done?: () => void): void {
    // Before the greeting the library refuses the line; during a TLS handshake it drops it unread.
    if (this._upgrading || !this._ready) super._onCommand(line, done);
    else this.command(line, done);
  }

  override _isSupported(command: string): boolean {
    return this.offers(command) && super._isSupported(command);
  }

  override handler_AUTH(line: Buffer, done: () => void): void {
    this.auth(line, done);
  }

  override handler_MAIL(line: Buffer, done: () => void): void {
    this.mail(line, done);
  }

  override handler_RCPT(line: Buffer, done: () => void): void {
    this.rcpt(line, done);
  }

  override handler_DATA(line: Buffer, done: () => void): void {
    this.data(line, done);
  }

  override handler_HELP(line: Buffer, done: () => void): void {
    this.help(line, done);
  }

  override handler_VRFY(line: Buffer, done: () => void): void {
    this.vrfy(line, done);
  }

  override _resetSession(): void {
    this.transactionOver();
    super._resetSession();
  }

  override _onClose(): void {
    const first = !this._closed;
    super._onClose();
    if (first) this.gone();
  }
}

/** The bytes of a connection: lines of commands, or a message between 354 and its end. */
export abstract class StreamBase extends SMTPStream {
  /** Takes commands out of `chunk` and runs them by `oncommand`; `done` asks for more bytes. */
  protected abstract readCommands(chunk: Buffer, done: Done): void;
  /** Gives the bytes of a message to `message`, and what follows it to `endMessage`; `done` asks for more bytes. */
  protected abstract readMessage(chunk: Buffer, done: Done): void;
  /** The client sends no more, and may have stopped within a line. */
  protected abstract cutOff(): void;
  /** Bytes wait behind the command that runs. */
  abstract get hasMore(): boolean;

  protected get isInMessage(): boolean {
    return this._dataMode;
  }

  /** Bytes. */
  protected get maxLine(): number {
    return this._maxCommandLength;
  }

  /** Null outside of a message. */
  protected get message(): SMTPServerDataStream | null {
    return this._dataStream;
  }

  /** Reads bytes that came behind DATA in the same chunk. */
  protected continueWithMessage(chunk: Buffer, done: Done): void {
    super._write(chunk, 'buffer', done);
  }

  protected countMessage(bytes: number): void {
    this._countDataBytes(bytes);
  }

  /** `content` are the last bytes of the message; `rest` is read once it was answered. */
  protected endMessage(content: Buffer, rest: Buffer, done: Done): void {
    this._endDataMode(content, rest, done);
  }

  override _write(chunk: Buffer, encoding: BufferEncoding | 'buffer', done: Done): void {
    if (this.isClosed) done();
    else if (this._dataMode) super._write(chunk, encoding, done);
    else this.readCommands(chunk, done);
  }

  override _feedDataStream(chunk: Buffer, done: Done): void {
    this.readMessage(chunk, done);
  }

  override _flushData(): void {
    this.cutOff();
  }
}

/** The classes of the library, so that a test can ask about others. */
export interface Library {
  SMTPServer: new (options: { logger: false }) => object;
  SMTPConnection: new (server: never, socket: Socket) => object;
  SMTPStream: new () => object;
}

/** Every member that is used or replaced above or in the classes that extend these. Members that every EventEmitter has are left out. */
const MEMBERS: Readonly<Record<keyof Library, Readonly<Record<string, MemberShape>>>> = {
  SMTPServer: {
    _acceptSocket: 2,
    _pendingSockets: 'object',
    _upgrade: 2,
    connect: 2,
    connections: 'object',
    onAuth: 3,
    onData: 3,
    server: 'object',
    updateSecureContext: 1,
  },
  SMTPConnection: {
    _closed: 'boolean',
    _closing: 'boolean',
    _createParser: 0,
    _dataStream: 'boolean',
    _handlerPending: 'boolean',
    _isSupported: 1,
    _nextHandler: 'boolean',
    _onClose: 0,
    _onCommand: 2,
    _parser: 'object',
    _ready: 'boolean',
    _resetSession: 0,
    _setListeners: 1,
    _socket: 'object',
    _upgrading: 'boolean',
    _whenWritable: 1,
    close: 0,
    connectionReady: 1,
    handler_AUTH: 2,
    handler_DATA: 2,
    handler_HELP: 2,
    handler_MAIL: 2,
    handler_RCPT: 2,
    handler_VRFY: 2,
    init: 0,
    send: 3,
    session: 'object',
  },
  SMTPStream: {
    _countDataBytes: 1,
    _dataMode: 'boolean',
    _dataStream: 'null',
    _endDataMode: 3,
    _feedDataStream: 2,
    _flushData: 0,
    _maxCommandLength: 'number',
    _write: 3,
    isClosed: 'boolean',
    oncommand: 2,
    startDataMode: 1,
  },
};

/** What the library lacks or has in another shape. */
export function missingServerMembers(library: Library): string[] {
  const server = new library.SMTPServer({ logger: false });
  return [
    ...missingMembers('SMTPServer', server, MEMBERS.SMTPServer),
    ...missingMembers('SMTPConnection', new library.SMTPConnection(server as never, new Socket()), MEMBERS.SMTPConnection),
    ...missingMembers('SMTPStream', new library.SMTPStream(), MEMBERS.SMTPStream),
  ];
}

/** Throws if the installed library does not fit these classes. */
export function checkServerLibrary(): void {
  const { version } = createRequire(import.meta.url)('smtp-server/package.json') as { version: string };
  requireMembers('smtp-server', version, missingServerMembers({ SMTPServer, SMTPConnection, SMTPStream }));
}
