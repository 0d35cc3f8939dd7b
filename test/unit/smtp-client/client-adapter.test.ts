/** The private members of nodemailer's SMTP client that sending is built on: this fails when the library's internals move. */
import { PassThrough } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import SMTPConnection from 'nodemailer/lib/smtp-connection';
import { expect, test } from 'vitest';
import { checkClientLibrary, missingClientMembers } from '#smtp-client/client-adapter.js';

/** The library's class, whose objects have `value` for `member`. */
const changed = (member: string, value: unknown) =>
  new Proxy(SMTPConnection, {
    construct: (target, values, newTarget) =>
      Object.defineProperty(Reflect.construct(target, values, newTarget), member, { value, writable: true, configurable: true }),
  });

test('the installed version has every member in the shape that is relied on', () => {
  expect(missingClientMembers(SMTPConnection)).toEqual([]);
  expect(checkClientLibrary).not.toThrow();
});

test.each<[what: string, client: new () => object, problem: string]>([
  ['a field that is gone', changed('_destroyed', undefined), 'SMTPConnection._destroyed is undefined, expected boolean'],
  ['a method that is gone', changed('_onData', undefined), 'SMTPConnection._onData is undefined, expected a method with 1 parameters'],
  [
    'a method that takes something else',
    changed('_sendCommand', () => undefined),
    'SMTPConnection._sendCommand is a method with 0 parameters, expected a method with 2 parameters',
  ],
  ['a field of another type', changed('_responseActions', new Map()), 'SMTPConnection._responseActions is object, expected array'],
])('%s is told', (_what, client, problem) => {
  expect(missingClientMembers(client)).toEqual([problem]);
});

/** What the names alone cannot say is who calls them. A client that is connected to nobody, with what it calls; `replies` acts on each in turn. */
function connected() {
  const called: string[] = [];
  const client = new SMTPConnection({ name: 'client.test' });
  const inner = client as unknown as {
    _responseActions: ((reply: string) => void)[];
    _sendCommand(command: string): void;
    _createSendStream(done: (error: Error | null, reply?: string) => void): PassThrough;
    _onData(chunk: Buffer): void;
    _onConnect(): void;
    _upgradeConnection(): void;
    _socket: PassThrough;
  };
  const socket = Object.assign(new PassThrough(), { setKeepAlive: () => undefined, setTimeout: () => undefined });
  inner._socket = socket;
  inner._sendCommand = (command) => void called.push(command);
  inner._upgradeConnection = () => void called.push('_upgradeConnection');
  inner._onData = (chunk) => void called.push(`_onData ${chunk.toString()}`);
  inner._createSendStream = (done) => {
    called.push('_createSendStream');
    inner._responseActions.push((reply) => done(null, reply));
    return new PassThrough().resume();
  };
  inner._onConnect();
  const replies = (...texts: string[]) => {
    for (const text of texts) inner._responseActions.shift()?.call(client, text);
  };
  return { called, client, socket, replies };
}

test('the library calls what is replaced when it connects', async () => {
  const { called, replies, socket } = connected();
  replies('220 mx.test', '250-mx.test\n250 STARTTLS', '220 go ahead');
  expect(called).toEqual(['EHLO client.test', 'STARTTLS', '_upgradeConnection']);
  socket.on('error', () => undefined).write('220 mx.test\r\n');
  await setImmediate();
  expect(called.at(-1)).toBe('_onData 220 mx.test\r\n');
});

test('the library calls what is replaced when it sends, and acts on replies in the order of its list', () => {
  const { called, client, replies } = connected();
  replies('220 mx.test', '250 mx.test');
  let answer: unknown;
  client.send({ from: 'a@src.test', to: ['b@dst.test'] }, Buffer.from('x'), (_error, info) => {
    answer = info?.response;
  });
  replies('250 ok', '250 ok', '354 go', '250 kept');
  expect(called).toEqual(['EHLO client.test', 'MAIL FROM:<a@src.test>', 'RCPT TO:<b@dst.test>', 'DATA', '_createSendStream']);
  expect(answer).toBe('250 kept');
});
