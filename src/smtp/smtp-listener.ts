/** One listening socket: counts and admits connections, bounds TLS handshakes, and gives each connection its session. */
import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { SMTPServer, SMTPServerAuthentication, SMTPServerDataStream, SMTPServerSession } from 'smtp-server';
import type { SMTPConnectionOptions } from 'smtp-server/lib/smtp-connection.js';
import { serverTlsOptions } from '#net';
import { type Reply, replyFrom, wireText } from './reply.js';
import { ServerBase } from './server-adapter.js';
import type { ServerContext } from './server-context.js';
import { SmtpSession } from './smtp-session.js';

export interface TlsPair {
  /** PEM. */
  cert: string;
  key: string;
}

/** An accepted socket, until its connection is gone. */
interface Visit {
  leave: () => void;
  since: number;
}

/** Joke commands of the library, and commands that only proxies may use. */
const DISABLED = ['XCLIENT', 'XFORWARD', 'WIZ', 'SHELL', 'KILL', 'LHLO'];

export class SmtpListener extends ServerBase {
  readonly #context: ServerContext;
  readonly #implicitTls: boolean;
  readonly #visits = new WeakMap<Socket, Visit>();
  readonly #sessions = new Set<SmtpSession>();
  readonly #bySession = new WeakMap<SMTPServerSession, SmtpSession>();

  constructor(context: ServerContext, implicitTls: boolean, tls: TlsPair) {
    super({
      ...serverTlsOptions(tls),
      secure: implicitTls,
      name: context.hostname,
      heloResponse: context.ownWord === undefined ? '%s' : `%s ${context.ownWord}`,
      banner: context.ownWord,
      size: context.limits.messageBytes,
      authMethods: ['PLAIN', 'LOGIN'],
      authOptional: true,
      hideENHANCEDSTATUSCODES: false,
      disableReverseLookup: true,
      disabledCommands: DISABLED,
      socketTimeout: context.limits.commandMs,
      logger: false,
      onConnect: (_session, done) => done(),
      onSecure: (_socket, _session, done) => done(),
    });
    this.#context = context;
    this.#implicitTls = implicitTls;
    // These are broken connections and failed handshakes; the listener itself can fail only in start().
    this.on('error', (error) => context.logger.debug({ err: error }, 'connection failed'));
  }

  /** Rejects when the address cannot be listened on. */
  async start(host: string, port: number): Promise<{ host: string; port: number; implicitTls: boolean }> {
    this.server.listen({ host, port });
    await once(this.server, 'listening');
    const address = this.server.address() as AddressInfo;
    return { host: address.address, port: address.port, implicitTls: this.#implicitTls };
  }

  /** Stops listening, and ends idle sessions. Resolves when every connection is gone. */
  async stop(): Promise<void> {
    const closed = this.server.listening ? once(this.server, 'close') : Promise.resolve();
    this.server.close();
    for (const socket of this.handshakes.values()) socket.destroy();
    for (const session of this.#sessions) session.stopIfIdle();
    await closed;
  }

  /** Says 421 to every client that is still connected, and closes. */
  kill(): void {
    for (const session of this.#sessions) session.kill();
  }

  destroy(): void {
    for (const session of this.#sessions) session.destroy();
  }

  sweep(now: number): void {
    for (const [socket, top] of this.handshakes) {
      const since = this.#visits.get(socket)?.since ?? now;
      if (now - since > this.#context.limits.handshakeMs) top.destroy();
    }
    for (const session of this.#sessions) session.sweep(now);
  }

  reloadTls(tls: TlsPair): void {
    this.updateSecureContext(serverTlsOptions(tls));
  }

  protected override admit(socket: Socket, handshake: boolean): boolean {
    const ip = socket.remoteAddress;
    if (ip === undefined) {
      socket.destroy();
      return false;
    }
    const leave = this.#context.isStopping() ? 'stopping' : this.#context.connections.enter(ip, this.#context.isTrusted(ip));
    this.#context.observer.connection(typeof leave === 'string' ? `refused-${leave}` : 'session');
    if (typeof leave === 'string') {
      refuseSocket(socket, handshake, leave);
      return false;
    }
    this.#visits.set(socket, { leave, since: this.#context.clock.monotonic() });
    socket.once('close', leave);
    // The session listens for errors later. A reset in between must not end the process.
    socket.on('error', ignore);
    return true;
  }

  protected override secured(socket: Socket, tlsSocket: TLSSocket): void {
    const visit = this.#visits.get(socket);
    if (visit !== undefined) this.#visits.set(tlsSocket, visit);
  }

  override connect(socket: Socket, socketOptions?: SMTPConnectionOptions | null): void {
    // Nobody would be told of its close event any more.
    if (socket.destroyed) return;
    const leave = this.#visits.get(socket)?.leave;
    const session: SmtpSession = new SmtpSession(this, socket, socketOptions, this.#context, () => {
      leave?.();
      this.#sessions.delete(session);
    });
    this.#sessions.add(session);
    this.connections.add(session);
    this.#bySession.set(session.session, session);
    session.on('error', (error: Error) => void this.emit('error', error));
    session.init();
  }

  override onAuth(auth: SMTPServerAuthentication, facts: SMTPServerSession, callback: Parameters<SMTPServer['onAuth']>[2]): void {
    const session = this.#of(facts);
    const answer = (refusal: Reply | undefined) => {
      if (refusal === undefined) callback(null, { user: auth.username });
      else callback(replyError(refusal));
      session.stopIfIdle();
    };
    session.authenticate(auth).then(answer, (error: unknown) => answer(replyFrom(error)));
  }

  override onData(stream: SMTPServerDataStream, facts: SMTPServerSession, callback: Parameters<SMTPServer['onData']>[2]): void {
    const session = this.#of(facts);
    const answer = (reply: Reply | undefined) => {
      if (reply === undefined) callback(new Error('nobody to tell'));
      else if (reply.code < 400) callback(null, wireText(reply));
      else callback(replyError(reply));
      session.stopIfIdle();
    };
    session.receive(stream).then(answer, (error: unknown) => answer(replyFrom(error)));
  }

  #of(session: SMTPServerSession): SmtpSession {
    const found = this.#bySession.get(session);
    if (found === undefined) throw new Error('no such session');
    return found;
  }
}

/** The close event follows, and is enough. */
const ignore = () => undefined;

/** A refusal in the form that the library takes. */
const replyError = (reply: Reply) => Object.assign(new Error(wireText(reply)), { responseCode: reply.code });

/** Says why, unless a TLS handshake comes first: then the client could not read it. */
function refuseSocket(socket: Socket, handshake: boolean, why: 'stopping' | 'total' | 'source'): void {
  socket.on('error', ignore);
  if (handshake) {
    socket.destroy();
    return;
  }
  const text =
    why === 'stopping' ? '4.3.2 service is shutting down' : `4.7.0 too many connections${why === 'source' ? ' from your address' : ''}`;
  socket.end(`421 ${text}\r\n`, () => socket.destroy());
}
