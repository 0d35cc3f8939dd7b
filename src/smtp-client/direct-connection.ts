/**
 * The strict connection, with a short way for messages that are ready: one write to the socket instead of three streams piped into each other,
 * which cost more than the rest of the session.
 */
import type { MessageDone, SendDone, SendParameters, SendStream } from './client-adapter.js';
import type { ReadyMessage } from './ready-message.js';
import { StrictConnection } from './strict-connection.js';

export class DirectConnection extends StrictConnection {
  #ready: ReadyMessage | undefined;

  /** As `send()`, without a stream. */
  sendReady(envelope: SendParameters[0], message: ReadyMessage, done: SendDone): void {
    this.#ready = message;
    super.send(envelope, message.bytes, done);
  }

  protected override openSendStream(done: MessageDone): SendStream {
    const ready = this.#ready;
    this.#ready = undefined;
    this.beginMessage();
    const left = () => {
      this.messageLeft = true;
    };
    if (ready === undefined) {
      const stream = this.makeSendStream(done);
      stream.once?.('end', left);
      return stream;
    }
    this.expectMessageReply(done);
    return {
      outByteCount: ready.bytes.length,
      write: () => {
        this.socket?.write(ready.leave());
        left();
      },
      end: () => undefined,
    };
  }

  override send(envelope: SendParameters[0], message: SendParameters[1], done: SendDone): void {
    this.#ready = undefined;
    super.send(envelope, message, done);
  }
}
