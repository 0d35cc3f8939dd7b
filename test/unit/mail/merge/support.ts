import { parseAddress } from '#core';
import type { MergeRecipient } from '#mail';
import { parseHead, planMerge, renderMerge } from '#mail';

export function recipient(variables: Record<string, unknown> = {}, name = '', address = 'bob@dst.test'): MergeRecipient {
  const parsed = parseAddress(address);
  if (parsed === undefined) throw new Error(`not an address: ${address}`);
  return { address: parsed, name, variables };
}

/** Splits a whole message at its empty line, `\n` standing for CRLF. */
export function split(raw: string): { head: Buffer; body: Buffer } {
  const wire = raw.replace(/\r?\n/g, '\r\n');
  const end = wire.indexOf('\r\n\r\n');
  return { head: Buffer.from(wire.slice(0, end + 2)), body: Buffer.from(wire.slice(end + 4)) };
}

/** Head and body of the message of one recipient; the body is made both ways, which must agree. */
export async function merge(raw: string, to: MergeRecipient, chunk = 7): Promise<{ head: string; body: string; raw: string }> {
  const { head, body } = split(raw);
  const plan = await planMerge(parseHead(head), [body]);
  const merged = renderMerge(plan, to);
  const whole = Buffer.from(merged.body(body));
  const streamed: Uint8Array[] = [];
  for await (const piece of merged.stream(pieces(body, chunk))) streamed.push(piece);
  if (!Buffer.concat(streamed).equals(whole)) throw new Error('the streamed body differs from the one made at once');
  const headText = Buffer.from(merged.head).toString('utf8');
  return { head: headText, body: whole.toString('utf8'), raw: `${headText}\r\n${whole.toString('utf8')}` };
}

async function* pieces(body: Buffer, size: number): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < body.length; start += size) yield body.subarray(start, start + size);
}

/** A header field as it is after the merge, without its line end; `''` when it is gone. */
export async function mergedField(field: string, to: MergeRecipient): Promise<string> {
  const { head } = await merge(`${field}\n\nbody\n`, to);
  return head.replace(/\r\n$/, '');
}
