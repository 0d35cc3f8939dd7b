/** The official JavaScript client, unmodified but for its base URL, against the API. */
import Mailgun from 'mailgun.js';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { type Harness, KEYS, startApi } from './support/harness.js';

let api: Harness;
beforeEach(async () => {
  api = await startApi();
});
afterEach(() => api.stop());

const client = (key: string = KEYS.admin) => new Mailgun(FormData).client({ username: 'api', key, url: `http://127.0.0.1:${api.port}` });

it('sends parts with attachments, and MIME', async () => {
  const sent = await client(KEYS.sending).messages.create('example.com', {
    from: 'Shop <shop@example.com>',
    to: ['alice@example.org', '"Doe, Jane" <jane@example.org>'],
    bcc: 'secret@example.org',
    subject: 'Ihre Größe',
    text: 'Hello',
    html: '<p>Hello <img src="cid:dot.png"></p>',
    'o:tag': ['one', 'two'],
    'o:testmode': 'yes',
    'v:order': '1001',
    'h:Reply-To': 'help@example.com',
    attachment: [
      { data: Buffer.alloc(400_000, 7), filename: 'größe.bin' },
      { data: Buffer.from('text'), filename: 'a.txt', contentType: 'text/plain' },
    ],
    inline: [{ data: Buffer.from('png'), filename: 'dot.png', contentType: 'image/png' }],
  });
  expect(sent).toMatchObject({ status: 200, id: expect.stringMatching(/^<.+@example\.com>$/), message: 'Queued. Thank you.' });
  const mime = { to: 'alice@example.org', message: 'From: shop@example.com\r\nSubject: x\r\n\r\nHello\r\n' };
  expect(await client().messages.create('example.com', mime)).toMatchObject({ status: 200 });
  const [parts, whole] = api.intake.accepted;
  expect(parts).toMatchObject({
    recipients: ['alice@example.org', 'jane@example.org', 'secret@example.org'],
    tags: ['one', 'two'],
    options: { testMode: true },
  });
  expect(parts?.userVariables).toEqual({ order: '1001' });
  expect(parts?.attachments?.map(({ filename, size }) => [filename, size])).toEqual([
    ['dot.png', 3],
    ['größe.bin', 400_000],
    ['a.txt', 4],
  ]);
  expect(whole?.raw).toBe(mime.message);
});

it('reads errors', async () => {
  await expect(client('wrong').domains.list()).rejects.toMatchObject({ status: 401, details: 'Forbidden' });
  await expect(client().messages.create('nowhere.example', { to: 'a@example.org', text: 'x' })).rejects.toMatchObject({
    status: 404,
    details: 'Domain not found: nowhere.example',
  });
  await expect(client().messages.create('example.com', { to: 'a@', from: 'shop@example.com', text: 'x' })).rejects.toMatchObject({
    status: 400,
    details: 'to parameter is not a valid address. please check documentation',
  });
});

it('manages domains, credentials and keys', async () => {
  const { domains } = client();
  expect(await domains.create({ name: 'new.example', smtp_password: 'secret123' })).toMatchObject({
    name: 'new.example',
    sending_dns_records: [{}, {}],
  });
  expect((await domains.list()).map((domain) => domain.name)).toContain('new.example');
  expect(await domains.get('new.example')).toMatchObject({
    name: 'new.example',
    state: 'unverified',
    receiving_dns_records: [{ priority: '10' }],
  });
  expect(await domains.verify('new.example')).toMatchObject({ state: 'active' });
  expect(await domains.domainCredentials.create('new.example', { login: 'alice', password: 'password1' })).toMatchObject({ status: 200 });
  expect(await domains.domainCredentials.list('new.example', { limit: 100, skip: 0 })).toMatchObject({
    totalCount: 1,
    items: [{ login: 'alice@new.example' }],
  });
  expect(await domains.domainCredentials.update('new.example', 'alice', { password: 'password2' })).toMatchObject({ status: 200 });
  expect(await domains.domainCredentials.destroy('new.example', 'alice')).toMatchObject({ status: 200, spec: 'alice@new.example' });
  expect(await domains.destroy('new.example')).toMatchObject({ message: 'Domain has been deleted' });
});

it('pages through events by its own way of reading the URLs', async () => {
  for (let index = 0; index < 5; index++) api.events.add({ at: (1_772_618_400 + index) * 1_000_000 });
  // The client says that this method is deprecated, each time.
  const warning = vi.spyOn(console, 'warn').mockImplementation(() => {});
  const { events } = client();
  const seen: number[] = [];
  let page = await events.get('example.com', { limit: 2 });
  expect(page.pages).toMatchObject({ next: { page: expect.stringMatching(/^[A-Za-z0-9_-]+$/) } });
  while (page.items.length > 0) {
    seen.push(...page.items.map((item) => item.timestamp - 1_772_618_400));
    page = await events.get('example.com', { page: page.pages.next.page });
  }
  expect(seen).toEqual([4, 3, 2, 1, 0]);
  warning.mockRestore();
});
