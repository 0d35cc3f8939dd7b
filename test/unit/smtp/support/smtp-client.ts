/** Speaks SMTP line by line: sends exactly the bytes it is told, reads whole replies, waits for nothing but the server. */
import { connect, type Socket } from 'node:net';
import { type TLSSocket, connect as tlsConnect } from 'node:tls';

export class SmtpClient {
  #socket: Socket;
  #text = '';
  #closed = false;
  #wake: (() => void)[] = [];

  private constructor(socket: Socket) {
    this.#socket = socket;
    this.#listen();
  }

  /** Connects without reading the greeting. */
  static async connect(port: number, options: { tls?: boolean; host?: string; localAddress?: string } = {}): Promise<SmtpClient> {
    const where = { port, host: options.host ?? '127.0.0.1', localAddress: options.localAddress };
    const socket = options.tls ? tlsConnect({ ...where, rejectUnauthorized: false }) : connect(where);
    await new Promise<void>((resolve, reject) => {
      socket.once(options.tls ? 'secureConnect' : 'connect', resolve);
      socket.once('error', reject);
    });
    return new SmtpClient(socket);
  }

  /** Connected, greeted and introduced. */
  static async ready(port: number, options: { tls?: boolean; host?: string; localAddress?: string } = {}): Promise<SmtpClient> {
    const client = await SmtpClient.connect(port, options);
    await client.expect(/^220 /);
    await client.command('EHLO client.test', /^250/);
    return client;
  }

  #listen(): void {
    this.#socket.on('data', (chunk: Buffer) => {
      this.#text += chunk.toString();
      this.#notify();
    });
    this.#socket.on('close', () => {
      this.#closed = true;
      this.#notify();
    });
    this.#socket.on('error', () => undefined);
  }

  #notify(): void {
    for (const wake of this.#wake.splice(0)) wake();
  }

  get socket(): Socket {
    return this.#socket;
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  /** What came and was not read yet. */
  get unread(): string {
    return this.#text;
  }

  send(bytes: string | Uint8Array): void {
    this.#socket.write(bytes);
  }

  /** Sends and resolves when the system has taken the bytes. */
  async flush(bytes: string | Uint8Array): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#socket.write(bytes, () => resolve());
    });
  }

  /** The next whole reply; undefined when the connection closed before one. */
  async reply(): Promise<string | undefined> {
    for (;;) {
      const match = /^(?:\d{3}-.*\r\n)*\d{3}(?: .*)?\r\n/.exec(this.#text);
      if (match) {
        this.#text = this.#text.slice(match[0].length);
        return match[0].trimEnd();
      }
      if (this.#closed) return undefined;
      await new Promise<void>((resolve) => this.#wake.push(resolve));
    }
  }

  async expect(pattern: RegExp): Promise<string> {
    const reply = await this.reply();
    if (reply === undefined || !pattern.test(reply)) throw new Error(`expected ${pattern}, got ${JSON.stringify(reply)}`);
    return reply;
  }

  async command(line: string, pattern: RegExp): Promise<string> {
    this.send(`${line}\r\n`);
    return this.expect(pattern);
  }

  /** Replies until the connection closes. */
  async rest(): Promise<string[]> {
    const replies: string[] = [];
    for (let reply = await this.reply(); reply !== undefined; reply = await this.reply()) replies.push(reply);
    return replies;
  }

  async closed(): Promise<void> {
    while (!this.#closed) await new Promise<void>((resolve) => this.#wake.push(resolve));
  }

  /** The handshake after the 220 of STARTTLS. */
  async upgrade(): Promise<TLSSocket> {
    this.#socket.removeAllListeners('data');
    const secure = tlsConnect({ socket: this.#socket, rejectUnauthorized: false });
    await new Promise<void>((resolve, reject) => {
      secure.once('secureConnect', resolve);
      secure.once('error', reject);
    });
    this.#socket = secure;
    this.#text = '';
    this.#listen();
    return secure;
  }

  /** STARTTLS and EHLO. */
  async startTls(): Promise<void> {
    await this.command('STARTTLS', /^220 /);
    await this.upgrade();
    await this.command('EHLO client.test', /^250/);
  }

  async login(login = 'user@a.test', password = 'secret-a'): Promise<void> {
    await this.command(`AUTH PLAIN ${plain(login, password)}`, /^235 2\.7\.0 /);
  }

  destroy(): void {
    this.#socket.destroy();
  }

  /** Closes with a reset. */
  reset(): void {
    this.#socket.resetAndDestroy();
  }
}

export const base64 = (text: string) => Buffer.from(text).toString('base64');
export const plain = (login: string, password: string, authorizeAs = '') => base64(`${authorizeAs}\0${login}\0${password}`);
