/**
 * One SMTP session with one peer, over nodemailer's client. Added to the library here: absolute deadlines (its own are idle times), the stage at which
 * something failed, parsed replies, and that a session is never used again after anything unclear.
 */
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { type Clock, type ConnectionFacts, parseSmtpReply, type SmtpReply, type Stage } from '#core';
import { type Capabilities, parseCapabilities } from './capabilities.js';
import { type Deadline, makeDeadline } from './deadline.js';
import { DirectConnection } from './direct-connection.js';
import type { Command } from './judge-reply.js';
import type { PeerTls, TlsFacts } from './peer-tls.js';
import { ReadyMessage } from './ready-message.js';
import { failureFrom, SmtpFailure, TIMED_OUT } from './smtp-failure.js';
import type { DeliveryTimeouts } from './timeouts.js';
import { makeTranscript } from './transcript.js';
import type { WireSource } from './wire-source.js';

export interface SmtpPeer {
  /** Name of the mail exchanger or smarthost. */
  name: string;
  ip: string;
  port: number;
  /** Address of ours to connect from; undefined: any. */
  localAddress: string | undefined;
  /** Name we greet with. */
  ehlo: string;
  /** Word in our own greeting and answer to EHLO that no other server says. */
  ownWord?: string | undefined;
  /** `clear`: never STARTTLS. `offered`: STARTTLS if the peer has it. `required`: nothing is sent without it. `implicit`: TLS from the first byte. */
  security: 'clear' | 'offered' | 'required' | 'implicit';
  /** Given unless the security is `clear`. */
  tls: PeerTls | undefined;
  login?: string;
  password?: string;
}

export interface ClientEnvelope {
  from: string;
  to: string;
  /** Bytes, without dot-stuffing. */
  size: number;
  /** Declares BODY=8BITMIME to a peer that has it. */
  eightBit: boolean;
}

export interface ClientSession {
  readonly capabilities: Capabilities;
  readonly facts: ConnectionFacts;
  /** Messages sent so far, whatever came of them. */
  readonly messages: number;
  /** Stage of the message in progress. */
  readonly stage: Stage;
  /** Changes whenever the message in progress comes further: what the peer sends without an end to it does not count. */
  readonly progress: string;
  /** False once the connection is closed or about to be. */
  readonly isUsable: boolean;
  /** The peer said 354: from here to the reply to the dot a cut would risk a duplicate. */
  readonly isSending: boolean;
  /** What was said: the set-up of the session, and its last message. */
  transcript(): string;
  /** Gives the reply to the final dot, 2xx. Rejects with SmtpFailure; the source is destroyed then. */
  send(envelope: ClientEnvelope, source: WireSource | ReadyMessage, attemptLeftMs: number): Promise<SmtpReply>;
  /** Says QUIT and closes, within a few seconds. */
  quit(): void;
  /** Waits no longer: what is in progress rejects as at its deadline, with this text. */
  giveUp(text: string): void;
  /** Cuts the connection; what is in progress rejects with kind `aborted`. */
  abort(reason: string): void;
  /** Called once, when the connection is gone. */
  onClose(listener: () => void): void;
}

const QUIT_MS = 5000;
/** The library's idle timers must never be the first to fire: ours are deadlines. */
const NEVER_MS = 2 ** 31 - 1;

const STAGE_OF: Record<Command, Stage> = {
  greeting: 'banner',
  EHLO: 'ehlo',
  HELO: 'ehlo',
  STARTTLS: 'tls',
  AUTH: 'auth',
  MAIL: 'mail',
  RCPT: 'rcpt',
  DATA: 'data',
  dot: 'data',
  RSET: 'mail',
  QUIT: 'mail',
};

/** A session over a socket that is connected. Call open() first. */
export class PeerSession implements ClientSession {
  capabilities: Capabilities = { eightBitMime: false, smtpUtf8: false, pipelining: false, maxSize: 0 };
  readonly facts: ConnectionFacts;
  messages = 0;
  readonly #connection: DirectConnection;
  readonly #peer: SmtpPeer;
  readonly #timeouts: DeliveryTimeouts;
  readonly #transcript = makeTranscript();
  readonly #deadline: Deadline;
  readonly #clock: Clock;
  /** Ends the operation in progress. */
  #fail: ((failure: SmtpFailure) => void) | undefined;
  /** What the connection died of, also while nothing was in progress. */
  #why: SmtpFailure | undefined;
  #source: WireSource | ReadyMessage | undefined;
  #closed = false;
  #quitting = false;
  #mustReset = false;
  #closeListener: (() => void) | undefined;

  constructor(peer: SmtpPeer, socket: Socket, { timeouts, clock }: { timeouts: DeliveryTimeouts; clock: Clock }) {
    this.#peer = peer;
    this.#timeouts = timeouts;
    this.#clock = clock;
    this.#transcript.remark(`connected to ${peer.name} [${peer.ip}]:${peer.port}`);
    this.facts = { mxHost: peer.name, mxHostIp: peer.ip, ...(socket.localAddress === undefined ? {} : { sendingIp: socket.localAddress }) };
    this.#deadline = makeDeadline({ clock, onExpire: () => this.#end('timeout', TIMED_OUT) });
    const options = {
      connection: socket,
      host: peer.ip,
      port: peer.port,
      secure: peer.security === 'implicit',
      ignoreTLS: peer.security === 'clear',
      requireTLS: peer.security === 'required',
      tls: peer.tls?.options ?? {},
      name: peer.ehlo,
      connectionTimeout: NEVER_MS,
      greetingTimeout: NEVER_MS,
      socketTimeout: NEVER_MS,
    };
    this.#connection = new DirectConnection(options, {
      client: this.#transcript.client,
      server: (text) => {
        this.#transcript.server(text);
        this.#checkIsOther(text);
      },
    });
    this.#connection.on('error', (error: Error) => this.#lost(failureFrom(error, this.stage)));
    this.#connection.on('end', () => this.#ended());
  }

  get isUsable(): boolean {
    return !this.#closed && !this.#quitting;
  }

  get isSending(): boolean {
    return this.#source?.started === true;
  }

  get stage(): Stage {
    if (this.#connection.upgrading === true) return 'tls';
    const { command } = this.#connection;
    return command === 'dot' && this.#source?.ended === true ? 'dot' : STAGE_OF[command];
  }

  onClose(listener: () => void): void {
    if (this.#closed) listener();
    else this.#closeListener = listener;
  }

  async open(leftMs: number): Promise<void> {
    const { login, password = '', security } = this.#peer;
    this.#deadline.set(leftMs);
    await this.#operation<void>((done) => {
      this.#connection.once('connect', () => done(null));
      this.#connection.connect();
    });
    this.capabilities = parseCapabilities(String(this.#connection.lastServerResponse));
    const socket = this.#connection.socket;
    const isTls = socket instanceof TLSSocket;
    this.facts.tls = isTls;
    this.facts.utf8 = this.capabilities.smtpUtf8;
    const checked = isTls ? this.#checkTls(socket) : undefined;
    this.facts.certificateVerified = checked?.certificateVerified === true;
    if (checked !== undefined) this.facts.cipher = checked.cipher;
    if (!isTls && (security === 'required' || security === 'implicit')) this.#refuseClear();
    if (login !== undefined) {
      await this.#operation<void>((done) => this.#connection.login({ user: login, pass: password }, (error) => done(error)));
    }
    this.#deadline.clear();
  }

  #checkTls(socket: TLSSocket): TlsFacts | undefined {
    const checked = this.#peer.tls?.check(socket);
    if (checked !== undefined) this.#transcript.remark(checked.remark);
    return checked;
  }

  /** Behind another name, another address or a network that translates them the peer may be this very process. */
  #checkIsOther(reply: string): void {
    const { command } = this.#connection;
    const { ownWord } = this.#peer;
    if (ownWord === undefined || (command !== 'greeting' && command !== 'EHLO')) return;
    if ((reply.split('\n', 1)[0] ?? '').split(/[ \r]/).includes(ownWord)) this.#end('looped', 'the peer is this server');
  }

  #refuseClear(): never {
    this.abort('not encrypted');
    throw new SmtpFailure({ stage: 'tls', kind: 'lost', text: 'the connection is not encrypted' });
  }

  async send(envelope: ClientEnvelope, source: WireSource | ReadyMessage, attemptLeftMs: number): Promise<SmtpReply> {
    this.messages++;
    this.#transcript.beginMessage();
    this.#source = source;
    const { envelope: envelopeMs, data, dot } = this.#timeouts;
    const began = this.#clock.monotonic();
    this.#deadline.set(Math.min(envelopeMs, attemptLeftMs));
    try {
      if (this.#mustReset) await this.#reset();
      source.observe({
        onStart: () => {
          this.#deadline.set(Math.min(data, attemptLeftMs - (this.#clock.monotonic() - began)));
          if (!(source instanceof ReadyMessage) && source.isWhole) this.#joinWrites();
        },
        onEnd: () => {
          this.#transcript.remark('message sent, final dot');
          this.#deadline.set(dot);
        },
      });
      return await this.#transfer(envelope, source);
    } catch (error) {
      source.discard();
      // A reply given before all bytes were sent leaves a peer that reads the rest as commands.
      if (source.started && !source.ended) this.abort('message cut short');
      throw error;
    } finally {
      this.#deadline.clear();
      this.#source = undefined;
    }
  }

  /** The library writes message and dot apart; in one segment they cost the peer and us one wake-up less. */
  #joinWrites(): void {
    const socket = this.#connection.socket;
    if (!socket) return;
    socket.cork();
    setImmediate(() => socket.uncork());
  }

  async #transfer(envelope: ClientEnvelope, source: WireSource | ReadyMessage): Promise<SmtpReply> {
    const { from, to, size, eightBit } = envelope;
    const asked = { from, to: [to], size, use8BitMime: eightBit };
    try {
      const info = await this.#operation<{ response: string } | undefined>((done) =>
        source instanceof ReadyMessage ? this.#connection.sendReady(asked, source, done) : this.#connection.send(asked, source, done),
      );
      const reply = parseSmtpReply(info?.response ?? '');
      if (reply === undefined) throw new SmtpFailure({ stage: this.stage, kind: 'lost', text: 'no reply' });
      return reply;
    } catch (error) {
      // After a refusal the peer may or may not hold half an envelope; after anything else the session means nothing.
      if (error instanceof SmtpFailure && error.kind === 'reply' && error.reply?.code !== 421) this.#mustReset = true;
      else this.abort('failed');
      throw error;
    }
  }

  /** A peer that will not forget the message before is left; what it said is no word about this one. */
  async #reset(): Promise<void> {
    try {
      await this.#operation<unknown>((done) => this.#connection.reset(done));
      this.#mustReset = false;
    } catch (error) {
      if (!(error instanceof SmtpFailure) || error.kind !== 'reply') throw error;
      this.abort('no RSET');
      throw new SmtpFailure({ stage: 'mail', kind: 'lost', text: `RSET was refused: ${error.message}` });
    }
  }

  transcript(): string {
    return this.#transcript.text();
  }

  quit(): void {
    if (!this.isUsable) return;
    this.#quitting = true;
    this.#deadline.set(QUIT_MS);
    this.#connection.quit();
  }

  get progress(): string {
    return `${this.messages} ${this.stage} ${this.#connection.socket?.bytesWritten ?? 0}`;
  }

  giveUp(text: string): void {
    this.#end('timeout', text);
  }

  abort(reason: string): void {
    this.#end('aborted', reason);
  }

  /** Runs one operation of the library; its callback, an error of the connection, a deadline and abort() all end it, the first one counts. */
  #operation<T>(start: (done: (error: Error | null | undefined, value?: T) => void) => void): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (this.#closed) {
        const { kind, message = 'connection closed' } = this.#why ?? {};
        reject(new SmtpFailure({ stage: 'mail', kind: kind === 'confused' || kind === 'aborted' ? kind : 'lost', text: message }));
        return;
      }
      this.#fail = (failure) => {
        this.#fail = undefined;
        reject(failure);
      };
      start((error, value) => {
        this.#fail = undefined;
        if (error) reject(failureFrom(error, this.stage));
        else resolve(value as T);
      });
    });
  }

  #lost(failure: SmtpFailure): void {
    this.#why ??= failure;
    this.#fail?.(failure);
  }

  #end(kind: 'timeout' | 'aborted' | 'looped', text: string): void {
    if (this.#closed) return;
    this.#transcript.remark(text);
    this.#lost(new SmtpFailure({ stage: this.stage, kind, text }));
    const socket = this.#connection.socket;
    this.#connection.close();
    if (socket) socket.destroy();
  }

  #ended(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#transcript.remark('connection closed');
    this.#deadline.clear();
    const failure = new SmtpFailure({ stage: this.stage, kind: 'lost', text: 'connection closed' });
    // The library closes first and tells the operation why right after; that is the better reason.
    queueMicrotask(() => this.#lost(failure));
    this.#closeListener?.();
  }
}
