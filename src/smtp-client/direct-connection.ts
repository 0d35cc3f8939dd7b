/**
 * The strict connection, with a short way for messages that are ready: one write to the socket instead of three streams piped into each other,
 * which cost more than the rest of the conversation.
 */
import SMTPConnection from 'nodemailer/lib/smtp-connection';
import type { ReadyMessage } from './ready-message.js';
import { StrictConnection } from './strict-connection.js';

type Done = (error: Error | null, reply?: string) => void;
type SendDone = Parameters<SMTPConnection['send']>[2];

/** What the library calls when the peer has said 354, and what it does then. */
interface Internals {
  _createSendStream(done: Done): SendStream;
  _responseActions: ((reply: string) => void)[];
  _actionSMTPStream(reply: string, done: Done): void;
}

interface SendStream {
  outByteCount: number;
  write(message: Buffer): unknown;
  end(): unknown;
  once?(event: 'end', listener: () => void): unknown;
}

const library = SMTPConnection.prototype as unknown as Internals;

export class DirectConnection extends StrictConnection {
  #ready: ReadyMessage | undefined;

  /** As `send()`, without a stream. */
  sendReady(envelope: Parameters<SMTPConnection['send']>[0], message: ReadyMessage, done: SendDone): void {
    this.#ready = message;
    super.send(envelope, message.bytes, done);
  }

  /** Overrides the library's; named as it is there. */
  _createSendStream(done: Done): SendStream {
    const ready = this.#ready;
    this.#ready = undefined;
    this.beginMessage();
    const left = () => {
      this.messageLeft = true;
    };
    if (ready === undefined) {
      const stream = library._createSendStream.call(this, done);
      stream.once?.('end', left);
      return stream;
    }
    const { _responseActions } = this as unknown as Internals;
    _responseActions.push((reply) => library._actionSMTPStream.call(this, reply, done));
    return {
      outByteCount: ready.bytes.length,
      write: () => {
        if (this._socket) this._socket.write(ready.leave());
        left();
      },
      end: () => undefined,
    };
  }

  override send(envelope: Parameters<SMTPConnection['send']>[0], message: Parameters<SMTPConnection['send']>[1], done: SendDone): void {
    this.#ready = undefined;
    super.send(envelope, message, done);
  }
}
