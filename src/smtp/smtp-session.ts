/**
 * One SMTP session. The library speaks the protocol (EHLO, STARTTLS, AUTH, the DATA transfer). This class decides MAIL, RCPT and DATA, gives every
 * reply its enhanced code, counts errors and idle commands, and ends the session when a limit is reached or a deadline has passed.
 */
import type { Socket } from 'node:net';
import type { SMTPServer, SMTPServerAuthentication, SMTPServerDataStream } from 'smtp-server';
import type { SMTPConnectionOptions } from 'smtp-server/lib/smtp-connection.js';
import { parseAddress } from '#core';
import { isLoopback } from '#net';
import { authenticate, type Login } from './authenticate.js';
import { CommandParser } from './command-parser.js';
import { commandName, decideCommand, isIdleCommand, MAX_AUTH_LINE } from './decide-command.js';
import { overdue } from './limits.js';
import { addRecipient, openTransaction, type Transaction } from './mail-transaction.js';
import { MessageStream } from './message-stream.js';
import { logMessage, protocolName, receiveMessage } from './receive-message.js';
import { hasEnhancedCode, isOurFault, makeReply, type Reply, replyFrom, wireText } from './reply.js';
import { ConnectionBase } from './server-adapter.js';
import type { ServerContext } from './server-context.js';

export class SmtpSession extends ConnectionBase {
  readonly #context: ServerContext;
  readonly #onGone: () => void;
  readonly #startedAt: number;
  #repliedAt: number;
  #receivingSince: number | undefined;
  /** Intake is taking the message in, or the rest of it is being drained. */
  #storing = false;
  #transaction: Transaction | undefined;
  #login: Login | undefined;
  /** Commands answered 5xx since the last accepted message. */
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
    context: ServerContext,
    onGone: () => void,
  ) {
    super(server, socket, options);
    this.#context = context;
    this.#onGone = onGone;
    this.#startedAt = context.clock.monotonic();
    this.#repliedAt = this.#startedAt;
  }

  /** Short tag for the log. */
  get tag(): string {
    return this.id.slice(-8);
  }

  protected override attached(): void {
    const known = isLoopback(this.remoteAddress) || this.#context.isTrusted(this.remoteAddress);
    if (known || this.#context.limits.greetingDelayMs === 0) this.connectionReady();
    else setTimeout(() => this.connectionReady(), this.#context.limits.greetingDelayMs).unref();
  }

  override connectionReady(next?: () => void): void {
    if (this.#context.isStopping()) this.reply(shuttingDown);
    else super.connectionReady(next);
  }

  protected override makeParser(): CommandParser {
    const parser = new CommandParser({
      maxCommandLength: MAX_AUTH_LINE + 512,
      onBareLineFeed: () => {
        // Old devices in the operator's own network end lines like this.
        if (this.#context.isTrusted(this.remoteAddress)) return 'take';
        this.#refuseAndClose(makeReply(500, '5.5.2', 'lines end with CRLF'));
        return 'closed';
      },
    });
    parser.on('error', () => this.#refuseAndClose(makeReply(500, '5.5.6', 'command line too long')));
    return parser;
  }

  // -- commands

  protected override command(line: Buffer, done: (() => void) | undefined): void {
    if (this.#context.isStopping()) this.reply(shuttingDown);
    else this.#run(line, done);
  }

  #run(line: Buffer, done: (() => void) | undefined): void {
    const inAuth = this.isInAuth;
    const name = inAuth ? '' : commandName(line);
    if (isIdleCommand(name) && ++this.#idleCommands > this.#context.limits.idleCommands) {
      this.reply(makeReply(421, '4.7.0', 'too many commands without mail'));
      return;
    }
    const refusal = decideCommand(line, name, { inAuth, secure: this.secure });
    if (refusal === undefined) {
      this.runCommand(line, done);
      return;
    }
    this.endAuth();
    this.reply(refusal);
    if (done !== undefined) this.whenWritable(done);
  }

  /** AUTH is offered over TLS only. */
  protected override offers(command: string): boolean {
    return command !== 'AUTH' || this.secure;
  }

  protected override auth(line: Buffer, done: () => void): void {
    if (this.#transaction === undefined) this.runAuth(line, done);
    else this.#answer(makeReply(503, '5.5.1', 'not during a mail transaction'), done);
  }

  protected override mail(line: Buffer, done: () => void): void {
    this.#answer(this.#mail(line.toString()), done);
  }

  protected override rcpt(line: Buffer, done: () => void): void {
    this.#answer(this.#rcpt(line.toString()), done);
  }

  protected override data(line: Buffer, done: () => void): void {
    // A client that sends the message without waiting for 354 would have it run as commands if DATA is refused.
    if (this.hasMore) this.reply(makeReply(421, '4.7.0', 'message sent before 354'));
    else if (this.#transaction === undefined) this.#answer(makeReply(503, '5.5.1', 'need MAIL first'), done);
    else if (this.#transaction.recipients.size === 0) this.#answer(makeReply(503, '5.5.1', 'no valid recipients'), done);
    else this.runData(line, done);
  }

  protected override help(_line: Buffer, done: () => void): void {
    this.#answer(makeReply(214, '2.0.0', 'EHLO HELO STARTTLS AUTH MAIL RCPT DATA RSET NOOP VRFY HELP QUIT, see RFC 5321'), done);
  }

  protected override vrfy(line: Buffer, done: () => void): void {
    const hasArgument = line.toString().trim().includes(' ');
    const reply = hasArgument
      ? makeReply(252, '2.5.0', 'cannot VRFY, send a message and see')
      : makeReply(501, '5.5.4', 'VRFY needs an address');
    this.#answer(reply, done);
  }

  protected override transactionOver(): void {
    this.#transaction = undefined;
  }

  async #mail(line: string): Promise<Reply> {
    if (this.#transaction !== undefined) return makeReply(503, '5.5.1', 'nested MAIL command');
    const opened = await openTransaction(line, { login: this.#login, ip: this.remoteAddress }, this.#context);
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
    return addRecipient(line, this.remoteAddress, this.#transaction, this.#context);
  }

  // -- who is it

  /** Checks a login for the library's AUTH. Gives the refusal, or undefined if the login is right. */
  async authenticate(auth: SMTPServerAuthentication): Promise<Reply | undefined> {
    const attempt = {
      login: auth.username ?? '',
      password: auth.password ?? '',
      authorizeAs: auth.authcid ? (auth.authzid ?? '') : '',
      ip: this.remoteAddress,
      failures: this.#authFailures,
    };
    const result = await authenticate(attempt, this.#context);
    if ('login' in result) {
      this.#login = result.login;
      return undefined;
    }
    if (result.counts) {
      this.#authFailures++;
      const { code } = result.refusal;
      this.#context.logger.info({ session: this.tag, ip: this.remoteAddress, login: loginName(attempt.login), code }, 'login refused');
    }
    return result.refusal;
  }

  // -- the message

  /** Takes the message in for the library's DATA. Gives the reply, or undefined if the client has left. */
  async receive(stream: SMTPServerDataStream): Promise<Reply | undefined> {
    const transaction = this.#transaction;
    const submitter = transaction?.submitter;
    if (transaction === undefined || submitter === undefined) return replyFrom(new Error('DATA without a submitter'));
    const { clock, limits, intake, logger } = this.#context;
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
    if (this.isEnding) return;
    this.#repliedAt = this.#context.clock.monotonic();
    this.#lastCode = code;
    const text = typeof data === 'string' ? data.replace(/^Error: /, '') : data;
    if (typeof text === 'string' && hasEnhancedCode(text)) super.send(code, text, false);
    else if (code === 421) super.send(code, `${/timeout/i.test(String(text)) ? '4.4.2' : '4.7.0'} ${text}`, false);
    // The library gives no code to a refused EHLO; RFC 2034 4 exempts only the successful one.
    else super.send(code, text, code >= 400 && context === false ? undefined : context);
    if (code >= 500 && ++this.#errors > this.#context.limits.errors) this.reply(makeReply(421, '4.7.0', 'too many errors'));
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
        if (isOurFault(error)) this.#context.logger.error({ session: this.tag, err: error }, 'command failed');
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
    if (this.isEnding) return;
    const times = {
      startedAt: this.#startedAt,
      repliedAt: this.#repliedAt,
      receivingSince: this.#receivingSince,
      working: this.isWorking || this.#storing,
      upgrading: this.isUpgrading,
    };
    const passed = overdue(times, this.#context.limits, now);
    if (passed === undefined) return;
    this.reply(makeReply(421, '4.4.2', `${passed} timeout`));
    // A message that is coming in must not wait until the client hangs up.
    this.dropMessage();
    if (passed === 'handshake') this.cut();
  }

  /** If the server is stopping, says so and closes, unless the client waits for an answer or is sending a message. */
  stopIfIdle(): void {
    if (this.#context.isStopping() && !this.#storing && !this.isWorking) this.kill();
  }

  /** Says 421 and closes once that is written. */
  kill(): void {
    this.reply(shuttingDown);
    this.hangUp();
  }

  /** Nothing more is said. */
  destroy(): void {
    this.cut();
  }

  protected override gone(): void {
    this.#onGone();
    this.#context.logger.debug(
      {
        session: this.tag,
        ip: this.remoteAddress,
        secure: this.secure,
        authenticated: this.#login !== undefined,
        messages: this.#messages,
        code: this.#lastCode,
        ms: Math.round(this.#context.clock.monotonic() - this.#startedAt),
      },
      'session ended',
    );
  }
}

const shuttingDown = makeReply(421, '4.3.2', 'service is shutting down');

/** The login for the log. A login that is no address may be a password in the wrong place, so it is not shown. */
const loginName = (login: string): string => parseAddress(login) ?? '(not an address)';

/** What the client called itself, fit for a Received field. */
const cleanHelo = (helo: string | false): string => (helo === false ? 'unknown' : helo.replace(/[^\w.:[\]-]/g, '?'));
