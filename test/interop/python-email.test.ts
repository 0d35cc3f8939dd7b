/** Composed messages before a reader in another language: the email package of Python's standard library, under its strict modern policy. */
import { execFileSync } from 'node:child_process';
import { beforeAll, describe, expect, it } from 'vitest';
import { buildMessage } from '#mail';
import { BASIC, COMPOSED_SAMPLES } from '../unit/mail/support/composed-samples.js';
import { bytesOf } from '../unit/mail/support/read-all.js';

const PYTHON = '/usr/bin/python3';
const READ = `
import sys, json, base64, email, email.policy
message = email.message_from_bytes(sys.stdin.buffer.read(), policy=email.policy.default)
def text(part):
    return part.get_content() if part is not None else None
print(json.dumps({
    'subject': message['subject'],
    'to': [[a.display_name, a.addr_spec] for a in message['to'].addresses],
    'text': text(message.get_body(('plain',))),
    'html': text(message.get_body(('html',))),
    'defects': [repr(d) for part in message.walk() for d in part.defects],
    'files': [[part.get_filename(), base64.b64encode(part.get_payload(decode=True)).decode()]
              for part in message.walk() if part.get_content_disposition() is not None],
}))
`;

beforeAll(() => {
  try {
    execFileSync(PYTHON, ['-c', 'import email'], { stdio: 'pipe' });
  } catch {
    throw new Error('Python is missing: install the package python3');
  }
});

const normal = (text: string) =>
  Buffer.from(text)
    .toString()
    .replace(/\r\n|\r/g, '\n')
    .replace(/\n$/, '');

/** A stream could be composed only once, and its content is wanted twice. */
const samples = COMPOSED_SAMPLES.filter(({ parts }) => (parts.attachments ?? []).every((part) => part.content instanceof Uint8Array));

describe('Python reads', () => {
  it.each(samples.map((sample) => [sample.name, sample] as const))('%s', async (_name, sample) => {
    const parts = { ...BASIC, ...sample.parts };
    const read = JSON.parse(execFileSync(PYTHON, ['-c', READ], { input: await bytesOf(buildMessage(parts)) }).toString());
    expect(read.defects).toEqual([]);
    expect(read.subject ?? undefined).toBe(parts.subject === undefined ? undefined : normal(parts.subject));
    if (sample.to) expect(read.to).toEqual(sample.to);
    if (parts.text !== undefined) expect(normal(read.text)).toBe(normal(parts.text));
    if (parts.html !== undefined) expect(normal(read.html)).toBe(normal(parts.html));
    const given = [...parts.attachments].sort((one, other) => (parts.html === undefined ? 0 : Number(other.inline) - Number(one.inline)));
    expect(read.files).toEqual(given.map((part) => [part.filename || null, Buffer.from(part.content as Uint8Array).toString('base64')]));
  });
});
