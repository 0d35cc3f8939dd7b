/** The Idempotency-Key header: one request, one message, one answer. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type CallOptions, type Harness, multipart, startApi } from './support/harness.js';

let api: Harness;
beforeEach(async () => {
  api = await startApi();
});
afterEach(() => api.stop());

const FORM = { from: 'shop@example.com', to: 'alice@example.org', subject: 'Hello', text: 'Hi' };
const send = (key: string | undefined, more: CallOptions = { form: FORM }, path = '/v3/example.com/messages') =>
  api.call('POST', path, { ...more, headers: { ...more.headers, ...(key === undefined ? {} : { 'idempotency-key': key }) } });
const parts = (file: string | Buffer, boundary?: string) =>
  multipart(
    [...Object.entries(FORM).map(([name, value]) => ({ name, value })), { name: 'attachment', value: file, filename: 'a.bin' }],
    boundary,
  );

describe('Idempotency-Key', () => {
  it('gives the first answer again and sends once', async () => {
    const first = await send('order-1001');
    expect(first).toMatchObject({ status: 200, json: { message: 'Queued. Thank you.' } });
    expect((await send('order-1001')).json).toEqual(first.json);
    expect(api.intake.accepted).toHaveLength(1);
    expect((await send('order-1002')).json.id).not.toBe(first.json.id);
    expect((await send(undefined)).json.id).not.toBe(first.json.id);
    expect(api.intake.accepted).toHaveLength(3);
  });

  it('knows the same request however it is encoded', async () => {
    const first = await send('k', { form: FORM });
    const shuffled = Object.fromEntries(Object.entries(FORM).reverse());
    const json = { body: JSON.stringify(shuffled), headers: { 'content-type': 'application/json' } };
    const multi = multipart(Object.entries(FORM).map(([name, value]) => ({ name, value })));
    for (const again of [json, multi]) expect((await send('k', again)).json).toEqual(first.json);
    expect(api.intake.accepted).toHaveLength(1);
  });

  it('tells another request with the same key', async () => {
    await send('k');
    const others: CallOptions[] = [
      { form: { ...FORM, text: 'Ho' } },
      { form: { ...FORM, cc: 'bob@example.org' } },
      { form: { from: FORM.from, to: FORM.to, text: FORM.text } },
      parts('file'),
    ];
    for (const other of others) {
      expect(await send('k', other)).toMatchObject({
        status: 422,
        json: { message: 'Idempotency-Key was used for another request already' },
      });
    }
    expect(api.intake.accepted).toHaveLength(1);
  });

  it('compares files by what is in them', async () => {
    const first = await send('k', parts(Buffer.alloc(400_000, 1)));
    expect(first.status).toBe(200);
    expect((await send('k', parts(Buffer.alloc(400_000, 1), 'another'))).json).toEqual(first.json);
    expect((await send('k', parts(Buffer.alloc(400_000, 2)))).status).toBe(422);
    expect(await api.leftovers()).toEqual([]);
  });

  it('is one for each domain, and for both endpoints together', async () => {
    const mime = { form: { to: 'alice@example.org', message: 'From: shop@example.com\r\nSubject: x\r\n\r\nHi\r\n' } };
    expect((await send('k', mime, '/v3/example.com/messages.mime')).status).toBe(200);
    expect((await send('k')).status).toBe(422);
    expect((await send('k', { form: { ...FORM, from: 'a@second.example' } }, '/v3/second.example/messages')).status).toBe(200);
    expect((await send('k', mime, '/v3/example.com/messages.mime')).status).toBe(200);
    expect(api.intake.accepted).toHaveLength(2);
  });

  it('answers the same to requests that come together', async () => {
    const answers = await Promise.all(Array.from({ length: 8 }, () => send('k')));
    expect(new Set(answers.map(({ status, text }) => `${status} ${text}`)).size).toBe(1);
    expect(answers[0]?.status).toBe(200);
    expect(api.intake.accepted).toHaveLength(1);
  });

  it('holds for sending a stored message again, too', async () => {
    const [one, other] = [api.stored.add('Message-Id: <1@a.example>\n\nHi\n'), api.stored.add('Message-Id: <2@a.example>\n\nHi\n')];
    const resend = (message: string, to: string) => send('k', { form: { to } }, `/v3/domains/example.com/messages/${message}`);
    for (let time = 0; time < 2; time++)
      expect(await resend(one, 'bob@example.org')).toMatchObject({ status: 200, json: { id: '<1@a.example>' } });
    expect((await resend(other, 'bob@example.org')).status).toBe(422);
    expect((await resend(one, 'carol@example.org')).status).toBe(422);
    expect(api.intake.accepted).toHaveLength(1);
  });

  it('does not remember what was refused', async () => {
    expect((await send('k', { form: { ...FORM, to: 'nobody' } })).status).toBe(400);
    expect((await send('k')).status).toBe(200);
  });

  it.each(['', 'x'.repeat(256), 'a\tb', 'größe'])('refuses the key %j', async (key) => {
    const answer = await send(Buffer.from(key, 'utf8').toString('latin1'));
    expect([answer.status, answer.json.message]).toEqual([400, 'Idempotency-Key must be 1 to 255 printable ASCII characters']);
    expect(api.intake.accepted).toEqual([]);
  });
});
