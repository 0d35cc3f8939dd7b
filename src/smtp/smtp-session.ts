/**
 * One SMTP conversation. The library speaks the protocol (EHLO, STARTTLS, AUTH, the DATA transfer); this class decides MAIL, RCPT and DATA,
 * gives every reply its enhanced code, counts what a client may not do for ever, and ends the session when a deadline has passed.
 */
import type { Socket } from 'node:net';
import type { SMTPServer, SMTPServerAuthentication, SMTPServerDataStream } from 'smtp-server';
import { SMTPConnection, type SMTPConnectionOptions } from 'smtp-server/lib/smtp-connection.js';
import { parseAddress } from '#core';
import { isLoopback } from '#net';
import { authenticate, type Login } from './authenticate.js';
import { CommandParser } from './command-parser.js';
import { overdue } from './deadlines.js';
import { commandName, decideCommand, isIdleCommand, MAX_AUTH_LINE } from './decide-command.js';
import type { ServerContext } from './server-context.js';
import { logMessage } from './log-message.js';
import { addRecipient, openTransaction, type Transaction } from './mail-transaction.js';
import { MessageStream } from './message-stream.js';
import { protocolName } from './protocol-name.js';
import { receiveMessage } from './receive-message.js';
import { hasEnhancedCode, isOurFault, makeReply, type Reply, replyFrom, wireText } from './reply.js';

export class SmtpSession extends SMTPConnection {
  readonly #door: ServerContext;
  readonly #onGone: () => void;
  readonly #startedAt: number;
  #repliedAt: number;
  #receivingSince: number | undefined;
  /** Intake holds the message, or drains it. */
  #storing = false;
  #transaction: Transaction | undefined;
  #login: Login | undefined;
  /** Since the last accepted message. */
  #errors = 0;
  #idleCommands = 0;
  #authFailures = 0;
  #messages = 0;
  #lastCode = 0;

  /** `onGone` is called once, when the connection has closed. */
  constructor(
    server: SMTPServer,
    socket: Socket,
    options: SMTPConnectionOptions | null | undefined,
    door: ServerContext,
    onGone: () => void,
  ) {
    super(server, socket, options);
    this.#door = door;
    this.#onGone = onGone;
    this.#startedAt = door.clock.monotonic();
    this.#repliedAt = this.#startedAt;
  }

  /** Short tag for the log. */
  get tag(): string {
    return this.id.slice(-8);
  }

  override init(): void {
    this._setListeners(() => {
      const known = isLoopback(this.remoteAddress) || this.#door.isTrusted(this.remoteAddress);
      if (known || this.#door.limits.greetingDelayMs === 0) this.connectionReady();
      else setTimeout(() => this.connectionReady(), this.#door.limits.greetingDelayMs).unref();
    });
  }

  override connectionReady(next?: () => void): void {
    if (this.#door.isStopping()) this.reply(shuttingDown);
    else super.connectionReady(next);
  }

  override _createParser(): CommandParser {
    const parser = new CommandParser({
      maxCommandLength: MAX_AUTH_LINE + 512,
      onBareLineFeed: () => {
        // Old devices in the operator's own network know no better.
        if (this.#door.isTrusted(this.remoteAddress)) return 'take';
        this.#refuseAndClose(makeReply(500, '5.5.2', 'lines end with CRLF'));
        return 'closed';
      },
    });
    parser.oncommand = (line: Buffer, next?: () => void) => this._onCommand(line, next);
    parser.on('error', () => this.#refuseAndClose(makeReply(500, '5.5.6', 'command line too long')));
    return parser;
  }

  // -- commands

  override _onCommand(line: Buffer, callback?: () => void): void {
    // Before the greeting and during a TLS handshake the library knows best: it refuses, or drops the bytes unread.
    if (this._upgrading || !this._ready) super._onCommand(line, callback);
    else if (this.#door.isStopping()) this.reply(shuttingDown);
    else this.#run(line, callback);
  }

  #run(line: Buffer, callback: (() => void) | undefined): void {
    const inAuth = this._nextHandler !== false;
    const name = inAuth ? '' : commandName(line);
    if (isIdleCommand(name) && ++this.#idleCommands > this.#door.limits.idleCommands) {
      this.reply(makeReply(421, '4.7.0', 'too many commands without mail'));
      return;
    }
    const refusal = decideCommand(line, name, { inAuth, secure: this.secure });
    if (refusal === undefined) {
      super._onCommand(line, callback);
      return;
    }
    this._nextHandler = false;
    this.reply(refusal);
    if (callback !== undefined) this._whenWritable(callback);
  }

  /** AUTH is offered over TLS only. */
  override _isSupported(command: string): boolean {
    return (command !== 'AUTH' || this.secure) && super._isSupported(command);
  }

  override handler_AUTH(command: Buffer, callback: () => void): void {
    if (this.#transaction === undefined) super.handler_AUTH(command, callback);
    else this.#answer(makeReply(503, '5.5.1', 'not during a mail transaction'), callback);
  }

  override handler_MAIL(command: Buffer, callback: () => void): void {
    this.#answer(this.#mail(command.toString()), callback);
  }

  override handler_RCPT(command: Buffer, callback: () => void): void {
    this.#answer(this.#rcpt(command.toString()), callback);
  }

  override handler_DATA(command: Buffer, callback: () => void): void {
    const parser = this._parser;
    // Message bytes behind DATA run as commands when it is refused; a client that sends them does not wait for replies.
    if (parser instanceof CommandParser && parser.hasMore) this.reply(makeReply(421, '4.7.0', 'message sent before 354'));
    else if (this.#transaction === undefined) this.#answer(makeReply(503, '5.5.1', 'need MAIL first'), callback);
    else if (this.#transaction.recipients.size === 0) this.#answer(makeReply(503, '5.5.1', 'no valid recipients'), callback);
    else {
      // The library only asks whether there is one.
      this.session.envelope.rcptTo = [{ address: this.#transaction.sender, args: false }];
      super.handler_DATA(command, callback);
    }
  }

  override handler_HELP(_command: Buffer, callback: () => void): void {
    this.#answer(makeReply(214, '2.0.0', 'EHLO HELO STARTTLS AUTH MAIL RCPT DATA RSET NOOP VRFY HELP QUIT, see RFC 5321'), callback);
  }

  override handler_VRFY(command: Buffer, callback: () => void): void {
    const hasArgument = command.toString().trim().includes(' ');
    const reply = hasArgument
      ? makeReply(252, '2.5.0', 'cannot VRFY, send a message and see')
      : makeReply(501, '5.5.4', 'VRFY needs an address');
    this.#answer(reply, callback);
  }

  /** A new EHLO, RSET, STARTTLS and the end of a message all end the transaction. */
  override _resetSession(): void {
    this.#transaction = undefined;
    super._resetSession();
  }

  async #mail(line: string): Promise<Reply> {
    if (this.#transaction !== undefined) return makeReply(503, '5.5.1', 'nested MAIL command');
    const opened = await openTransaction(line, { login: this.#login, ip: this.remoteAddress }, this.#door);
    if ('transaction' in opened) {
      this.#transaction = opened.transaction;
      return makeReply(250, '2.1.0', 'Ok');
    }
    if (opened.loginIsGone) {
      this.#login = undefined;
      this.session.user = undefined;
    }
    return opened.refusal;
  }

  #rcpt(line: string): Reply | Promise<Reply> {
    if (this.#transaction === undefined) return makeReply(503, '5.5.1', 'need MAIL first');
    return addRecipient(line, this.remoteAddress, this.#transaction, this.#door);
  }

  // -- who is it

  /** For the library's AUTH: what came of an attempt. Undefined when the login is taken. */
  async authenticate(auth: SMTPServerAuthentication): Promise<Reply | undefined> {
    const attempt = {
      login: auth.username ?? '',
      password: auth.password ?? '',
      authorizeAs: auth.authcid ? (auth.authzid ?? '') : '',
      ip: this.remoteAddress,
      failures: this.#authFailures,
    };
    const result = await authenticate(attempt, this.#door);
    if ('login' in result) {
      this.#login = result.login;
      return undefined;
    }
    if (result.counts) {
      this.#authFailures++;
      const { code } = result.refusal;
      this.#door.logger.info({ session: this.tag, ip: this.remoteAddress, login: loginName(attempt.login), code }, 'login refused');
    }
    return result.refusal;
  }

  // -- the message

  /** For the library's DATA: takes the message in and gives the reply; undefined when the client has left. */
  async receive(stream: SMTPServerDataStream): Promise<Reply | undefined> {
    const transaction = this.#transaction;
    const submitter = transaction?.submitter;
    if (transaction === undefined || submitter === undefined) return replyFrom(new Error('DATA without a submitter'));
    const { clock, limits, intake, logger } = this.#door;
    const startedAt = clock.monotonic();
    this.#receivingSince = startedAt;
    this.#storing = true;
    const content = new MessageStream(stream, limits.messageBytes, () => {
      this.#receivingSince = undefined;
    });
    const { sender, recipients, utf8 } = transaction;
    const protocol = protocolName({
      extended: this.openingCommand === 'EHLO',
      secure: this.secure,
      isAuthenticated: submitter.isAuthenticated,
      utf8,
    });
    const ip = this.remoteAddress;
    const helo = cleanHelo(this.hostNameAppearsAs);
    const envelope = { submitter, sender, recipients: [...recipients], remoteAddress: ip, helo, protocol };
    const received = await receiveMessage(envelope, content, intake);
    this.#storing = false;
    const ms = clock.monotonic() - startedAt;
    logMessage(logger, { session: this.tag, ip, submitter, recipients: recipients.size, size: content.bytes, ms }, received);
    if (received.accepted !== undefined) {
      this.#messages++;
      this.#errors = 0;
      this.#idleCommands = 0;
    }
    if (received.close && received.reply !== undefined) this.#refuseAndClose(received.reply);
    return received.reply;
  }

  // -- replies

  reply(reply: Reply): void {
    this.send(reply.code, wireText(reply), false);
  }

  override send(code: number, data?: string | string[] | null, context?: string | false): void {
    if (this._closing || this._closed) return;
    this.#repliedAt = this.#door.clock.monotonic();
    this.#lastCode = code;
    const text = typeof data === 'string' ? data.replace(/^Error: /, '') : data;
    if (typeof text === 'string' && hasEnhancedCode(text)) super.send(code, text, false);
    else if (code === 421) super.send(code, `${/timeout/i.test(String(text)) ? '4.4.2' : '4.7.0'} ${text}`, false);
    // The library gives no code to a refused EHLO; RFC 2034 4 exempts only the successful one.
    else super.send(code, text, code >= 400 && context === false ? undefined : context);
    if (code >= 500 && ++this.#errors > this.#door.limits.errors) this.reply(makeReply(421, '4.7.0', 'too many errors'));
  }

  #answer(reply: Reply | Promise<Reply>, callback: () => void): void {
    const finish = (decided: Reply) => {
      this.reply(decided);
      callback();
      this.stopIfIdle();
    };
    if (!(reply instanceof Promise)) finish(reply);
    else {
      reply.then(finish, (error: unknown) => {
        if (isOurFault(error)) this.#door.logger.error({ session: this.tag, err: error }, 'command failed');
        finish(replyFrom(error));
      });
    }
  }

  #refuseAndClose(reply: Reply): void {
    this.reply(reply);
    this.close();
  }

  // -- the end

  /** Ends the session when it has passed a deadline. `now` is of the monotonic clock. */
  sweep(now: number): void {
    if (this._closing || this._closed) return;
    const times = {
      startedAt: this.#startedAt,
      repliedAt: this.#repliedAt,
      receivingSince: this.#receivingSince,
      working: this._handlerPending || this.#storing,
      upgrading: this._upgrading,
    };
    const passed = overdue(times, this.#door.limits, now);
    if (passed === undefined) return;
    this.reply(makeReply(421, '4.4.2', `${passed} timeout`));
    // What was received so far must not wait for the client to hang up.
    if (this._dataStream) this._dataStream.destroy();
    if (passed === 'handshake') this._socket.destroy();
  }

  /** Once the server is stopping: says so and closes, unless the client waits for our answer or is sending a message. */
  stopIfIdle(): void {
    if (this.#door.isStopping() && !this.#storing && !this._handlerPending) this.kill();
  }

  /** Says 421 and closes once that is written. */
  kill(): void {
    this.reply(shuttingDown);
    this._socket.destroySoon();
  }

  /** Nothing more is said. */
  destroy(): void {
    this._socket.destroy();
  }

  override _onClose(): void {
    const first = !this._closed;
    super._onClose();
    if (!first) return;
    this.#onGone();
    this.#door.logger.debug(
      {
        session: this.tag,
        ip: this.remoteAddress,
        secure: this.secure,
        authenticated: this.#login !== undefined,
        messages: this.#messages,
        code: this.#lastCode,
        ms: Math.round(this.#door.clock.monotonic() - this.#startedAt),
      },
      'session ended',
    );
  }
}

const shuttingDown = makeReply(421, '4.3.2', 'service is shutting down');

/** Fit for the log: logins are addresses, and what is none may be a password in the wrong place. */
const loginName = (login: string): string => parseAddress(login) ?? '(not an address)';

/** What the client called itself, fit for a Received field. */
const cleanHelo = (helo: string | false): string => (helo === false ? 'unknown' : helo.replace(/[^\w.:[\]-]/g, '?'));
