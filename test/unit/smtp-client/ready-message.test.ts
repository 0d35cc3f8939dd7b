/** Which messages may leave as they are: everything that the library would change must not take the short way. */
import { describe, expect, it } from 'vitest';
import { ReadyMessage } from '#smtp-client/ready-message.js';

const of = (...pieces: string[]) => ReadyMessage.of(pieces.map((piece) => Buffer.from(piece, 'latin1')));

describe('a message that is ready for the wire', () => {
  it('is the pieces with the final dot', () => {
    expect(of('Subject: x\r\n', '\r\n', 'Hello.\r\nA.B\r\n')?.bytes.toString()).toBe('Subject: x\r\n\r\nHello.\r\nA.B\r\n.\r\n');
  });

  it.each([
    ['a line that begins with a dot', 'A: b\r\n\r\n.\r\n'],
    ['a line of a dot and more', 'A: b\r\n\r\nx\r\n.hidden\r\n'],
    ['a first byte that is a dot', '.A: b\r\n\r\n'],
    ['a bare LF', 'A: b\r\n\r\nx\ny\r\n'],
    ['a bare LF before a dot', 'A: b\r\n\r\nx\n.\r\n'],
    ['a bare CR', 'A: b\r\n\r\nx\ry\r\n'],
    ['a bare CR before CRLF', 'A: b\r\n\r\nx\r\r\n'],
    ['a last line without an end', 'A: b\r\n\r\nx'],
    ['a last line that ends in CR', 'A: b\r\n\r\nx\r'],
    ['nothing at all', ''],
  ])('is not %s', (_what, text) => {
    expect(of(text)).toBeUndefined();
  });

  it('sees a dot and a split line end across pieces', () => {
    expect(of('A: b\r\n\r\n', '.x\r\n')).toBeUndefined();
    expect(of('A: b\r', '\n\r\nx\r\n')?.bytes.toString()).toBe('A: b\r\n\r\nx\r\n.\r\n');
  });

  it('has started and ended with its one write, and says so in order', () => {
    const said: string[] = [];
    const message = of('A: b\r\n\r\n');
    message?.observe({ onStart: () => said.push('start'), onEnd: () => said.push('end') });
    expect(message?.started).toBe(false);
    message?.leave();
    expect([said, message?.started, message?.ended]).toEqual([['start', 'end'], true, true]);
  });
});
