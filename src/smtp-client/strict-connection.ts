/**
 * The library's connection with replies matched to commands one by one. The library itself takes 250 for 354 and lets a reply that nobody asked for
 * answer whatever is said next, which sends messages as commands and counts them delivered by the answer to something else. Here its reading of
 * replies is replaced: each one must be able to answer the command it meets, be the last word when nothing else was asked, and end the session
 * otherwise. What the library does upon an answer stays its own.
 */
import { ClientBase, type ClientOptions } from './client-adapter.js';
import { type Command, judgeReply } from './judge-reply.js';
import { makeReplyReader, type WireReply } from './reply-reader.js';
import type { Transcript } from './transcript.js';

/** Far above any reply a person would write; what stops a peer that never ends one. */
const MAX_REPLY_BYTES = 64 * 1024;
const CLOSING = 421;

export abstract class StrictConnection extends ClientBase {
  /** All of the message was handed to the socket, final dot included. */
  protected messageLeft = false;
  readonly #watch: Pick<Transcript, 'client' | 'server'>;
  #reader = makeReplyReader(MAX_REPLY_BYTES);
  /** Commands without a reply so far, in order. */
  readonly #asked: Command[] = ['greeting'];
  #answered: Command = 'greeting';
  /** Why the session ends once what was said is understood. */
  #doubt: string | undefined;

  /** `watch` is told every command and every reply as it came; secrets of commands are masked. */
  constructor(options: ClientOptions, watch: Pick<Transcript, 'client' | 'server'>) {
    super(options);
    this.#watch = watch;
  }

  /** The command whose reply is awaited; with none, the one answered last. */
  get command(): Command {
    return this.#asked[0] ?? this.#answered;
  }

  /** The message is under way: one reply is owed for all of it. */
  protected beginMessage(): void {
    this.messageLeft = false;
    this.#asked.push('dot');
  }

  protected override beforeCommand(command: string, shown: string | undefined): void {
    if (command === '.') {
      this.#refuseToBegin();
      return;
    }
    this.#watch.client(shown ?? command);
    this.#asked.push(commandOf(command));
    this.say(command, shown);
  }

  /**
   * The library ends an empty message where a peer says go ahead to DATA without a recipient it took. Who does that may have taken one after all, and
   * somebody would find the empty message in his mail.
   */
  #refuseToBegin(): void {
    const tell = this.takeBackAction();
    this.close();
    tell?.('');
  }

  /** Nothing that was said in clear counts once TLS begins, also what came behind the go ahead (RFC 3207 6). */
  protected override beforeUpgrade(): void {
    this.#reader = makeReplyReader(MAX_REPLY_BYTES);
  }

  protected override received(chunk: Buffer): void {
    if (this.isOver) return;
    const reader = this.#reader;
    const { replies, fault } = reader.push(chunk);
    const isMoreComing = fault !== undefined || reader.isInside;
    for (const [index, reply] of replies.entries()) {
      this.#watch.server(reply.text);
      // Who watches may have heard enough.
      if (this.isOver) return;
      this.#take(reply, replies[index + 1], isMoreComing || index + 1 < replies.length);
      if (this.isOver || reader !== this.#reader) return;
    }
    if (isMoreComing && this.#asked.length === 0) this.#doubt = 'something said that nobody asked for';
    const why = fault ?? this.#doubt;
    if (why !== undefined) this.#fail(why);
  }

  #take(reply: WireReply, next: WireReply | undefined, isMoreSaid: boolean): void {
    const [command] = this.#asked;
    if (command === undefined) this.#takeUnasked(reply);
    else if (isMoreSaid && this.#isTakenBack(command, reply, next)) this.#doubt = `more than one answer to ${command}`;
    else {
      const fault = this.#faultOf(command, reply, isMoreSaid);
      if (fault === undefined) this.#answer(command, reply);
      else this.#fail(fault);
    }
  }

  /** Nothing may be sent to a peer that refuses it in the same breath as it says go ahead: what it said then is the answer. */
  #isTakenBack(command: Command, reply: WireReply, next: WireReply | undefined): boolean {
    if (next === undefined || this.#asked.length > 1 || judgeReply(command, reply.code) !== 'goes on') return false;
    return next.code === CLOSING || (command === 'DATA' && next.code >= 400);
  }

  #faultOf(command: Command, reply: WireReply, isMoreSaid: boolean): string | undefined {
    const meaning = judgeReply(command, reply.code);
    if (meaning === 'out of turn') return `${firstLine(reply)} in answer to ${command}`;
    if (meaning === 'goes on' && isMoreSaid && this.#asked.length === 1 && command !== 'STARTTLS')
      return `more than one answer to ${command}, the first ${firstLine(reply)}`;
    if (command === 'dot' && meaning === 'ends' && !this.messageLeft) return `${firstLine(reply)} before the end of the message`;
    return undefined;
  }

  #answer(command: Command, { code, decided }: WireReply): void {
    this.#asked.shift();
    this.#answered = command;
    this.act(decided);
    // No more replies come, also to what was asked already (RFC 5321 4.2.1).
    if (code === CLOSING) this.peerCloses(decided);
  }

  /** A server may say at any time that it is about to close, and nothing else. */
  #takeUnasked(reply: WireReply): void {
    if (reply.code === CLOSING) this.close();
    else this.#fail(`${firstLine(reply)}, which nobody asked for`);
  }

  #fail(text: string): void {
    this.failWith(new Error(`reply out of turn: ${text}`), 'EPROTOCOL');
  }
}

const firstLine = ({ text }: WireReply): string => text.split('\n', 1)[0] ?? '';

const COMMAND = /^(EHLO|HELO|STARTTLS|MAIL|RCPT|DATA|RSET|QUIT)(?: |$)/;

/** Whatever has no verb continues AUTH. */
const commandOf = (line: string) => (COMMAND.exec(line)?.[1] ?? 'AUTH') as Command;
