/** The private members of smtp-server that the SMTP room is built on: this fails when the library's internals move. */
import { Socket } from 'node:net';
import { SMTPServer } from 'smtp-server';
import { SMTPConnection } from 'smtp-server/lib/smtp-connection.js';
import { SMTPStream } from 'smtp-server/lib/smtp-stream.js';
import { expect, test } from 'vitest';
import { checkServerLibrary, type Library, missingServerMembers } from '#smtp/server-adapter.js';

const installed: Library = { SMTPServer, SMTPConnection, SMTPStream };

/** A class like `base` whose objects have `value` for `member`. */
const changed = <T extends new (...values: never[]) => object>(base: T, member: string, value: unknown): T =>
  new Proxy(base, {
    construct: (target, values, newTarget) =>
      Object.defineProperty(Reflect.construct(target, values, newTarget), member, { value, writable: true, configurable: true }),
  });

test('the installed version has every member in the shape that is relied on', () => {
  expect(missingServerMembers(installed)).toEqual([]);
  expect(checkServerLibrary).not.toThrow();
});

test.each([
  [
    'a field that is gone',
    { SMTPStream: changed(SMTPStream, '_dataMode', undefined) },
    'SMTPStream._dataMode is undefined, expected boolean',
  ],
  [
    'a method that is gone',
    { SMTPConnection: changed(SMTPConnection, '_onCommand', undefined) },
    'SMTPConnection._onCommand is undefined, expected a method with 2 parameters',
  ],
  [
    'a method that takes something else',
    { SMTPServer: changed(SMTPServer, '_upgrade', () => undefined) },
    'SMTPServer._upgrade is a method with 0 parameters, expected a method with 2 parameters',
  ],
  [
    'a field of another type',
    { SMTPServer: changed(SMTPServer, '_pendingSockets', 1) },
    'SMTPServer._pendingSockets is number, expected object',
  ],
])('%s is told', (_what, changes, problem) => {
  expect(missingServerMembers({ ...installed, ...changes })).toEqual([problem]);
});

test('a library that has nothing of it is told in full', () => {
  class Empty {}
  const missing = missingServerMembers({ SMTPServer: Empty, SMTPConnection: Empty, SMTPStream: Empty });
  expect(missing.length).toBeGreaterThan(40);
  expect(missing).toContain('SMTPConnection.handler_MAIL is undefined, expected a method with 2 parameters');
});

// What the names alone cannot say: who calls them.
test('the library calls what is replaced', () => {
  const called: string[] = [];
  class Server extends SMTPServer {
    override _acceptSocket(): false {
      called.push('_acceptSocket');
      return false;
    }
  }
  class Stream extends SMTPStream {
    override _feedDataStream(): void {
      called.push('_feedDataStream');
    }
    override _flushData(): void {
      called.push('_flushData');
    }
  }
  class Connection extends SMTPConnection {
    override _createParser(): SMTPStream {
      called.push('_createParser');
      return super._createParser();
    }
    override _onCommand(): void {
      called.push('_onCommand');
    }
    override _isSupported(command: string): boolean {
      called.push(`_isSupported ${command}`);
      return false;
    }
    override _onClose(): void {
      called.push('_onClose');
    }
    override send(): void {
      called.push('send');
    }
  }
  const server = new Server({ logger: false });
  server.server.emit('connection', new Socket());
  const stream = new Stream();
  stream.startDataMode();
  stream.write('x');
  stream.emit('finish');
  const socket = new Socket();
  const connection = new Connection(server, socket);
  connection._setListeners(() => called.push('_setListeners'));
  if (connection._parser) connection._parser.oncommand(Buffer.from('NOOP'));
  SMTPConnection.prototype._onCommand.call(Object.assign(connection, { _ready: true }), Buffer.from('noop'));
  socket.emit('close', false);
  expect(called).toEqual([
    '_acceptSocket',
    '_feedDataStream',
    '_flushData',
    '_createParser',
    '_setListeners',
    '_onCommand',
    '_isSupported NOOP',
    'send',
    '_onClose',
  ]);
});
