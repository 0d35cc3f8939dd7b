import { describe, expect, it } from 'vitest';
import { CommandFailed } from '#cli/command-errors.js';
import { startFailure } from '#cli/start-failure.js';

const system = (fields: object) => Object.assign(new Error('system error'), fields);

describe('startFailure', () => {
  it.each([
    [{ code: 'EADDRINUSE', syscall: 'listen', address: '127.0.0.1', port: 25 }, 'Cannot listen on 127.0.0.1:25: the port is in use'],
    [{ code: 'EACCES', syscall: 'listen', address: '::', port: 25 }, 'Cannot listen on [::]:25: permission denied'],
    [{ code: 'ENOTFOUND', syscall: 'getaddrinfo', hostname: 'nowhere.example' }, 'Cannot listen on nowhere.example: the name is unknown'],
    [{ code: 'EACCES', syscall: 'open', path: '/var/lib/mailwagon/server.key' }, 'Cannot start: system error'],
    [{}, 'Cannot start: system error'],
  ])('explains %j', (fields, text) => {
    const result = startFailure(system(fields));
    expect(result).toBeInstanceOf(CommandFailed);
    expect((result as Error).message).toContain(text);
  });

  it('leaves a bug as it is, so that its stack is seen', () => {
    const bug = new TypeError('x is not a function');
    expect(startFailure(bug)).toBe(bug);
  });
});
