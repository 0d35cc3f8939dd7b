/** The leaves of a message, decoded, as another parser (Python's behaviour, written plainly) sees them: slow, whole, and not ours. */
export interface Leaf {
  type: string;
  /** Decoded, latin1. */
  content: string;
}

const headerOf = (head: string, name: string) => new RegExp(`^${name}:((?:.*(?:\r\n[ \t].*)*))`, 'im').exec(head)?.[1]?.trim() ?? '';

function decode(encoding: string, content: string): string {
  if (encoding === 'base64') return Buffer.from(content, 'base64').toString('latin1');
  if (encoding !== 'quoted-printable') return content;
  return content
    .replace(/[ \t]+(?=\r\n|$)/g, '')
    .replace(/=([0-9A-F]{2})|=\r\n|=$/gi, (_, hex: string | undefined) => (hex ? String.fromCharCode(Number.parseInt(hex, 16)) : ''));
}

function leaves(entity: string): Leaf[] {
  const split = entity.startsWith('\r\n') ? 0 : entity.indexOf('\r\n\r\n') + 2;
  const head = entity.slice(0, split);
  const content = entity.slice(split + 2);
  const type = /^[^;\s]+/.exec(headerOf(head, 'content-type'))?.[0].toLowerCase() ?? 'text/plain';
  const boundary = /boundary="?([^";\r\n]+)/i.exec(headerOf(head, 'content-type'))?.[1];
  if (type.startsWith('multipart/') && boundary) {
    const lines = `\r\n${content}`.split(`\r\n--${boundary}`);
    const parts: string[] = [];
    for (const piece of lines.slice(1)) {
      if (/^--[ \t]*(?:\r\n|$)/.test(piece)) break;
      if (/^[ \t]*\r\n/.test(piece)) parts.push(piece.replace(/^[ \t]*\r\n/, ''));
      else parts.push(`${parts.pop() ?? ''}\r\n--${boundary}${piece}`);
    }
    return parts.flatMap(leaves);
  }
  return [{ type, content: decode(headerOf(head, 'content-transfer-encoding').toLowerCase(), content) }];
}

export function leavesOf(message: Buffer): Leaf[] {
  return leaves(message.toString('latin1'));
}
