/**
 * Legal quoted local parts pass both doors; those with loose dots where their domain gave them out and the operator says so, and nowhere
 * else. Reported: "a..b"@ lost its quotes over HTTP and was refused.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadLooseDots } from '#config';
import { parseAddress } from '#core';
import { parseRecipientVariables } from '#intake';
import { type Harness, startApi } from '../api/support/harness.js';
import { startServer } from '../unit/smtp/support/server.js';
import { SmtpClient } from '../unit/smtp/support/smtp-client.js';

const LOOSE = ['a..b@docomo.ne.jp', 'a.@docomo.ne.jp', 'a...@DoCoMo.ne.jp'];
const WRITTEN = ['"a..b"@docomo.ne.jp', '"a."@docomo.ne.jp', '"a..."@docomo.ne.jp'];
const QUOTED = ['"a..b"@dst.test', '"a b@c"@dst.test', '"a\\"b"@dst.test'];
const REFUSED = ['a..b@dst.test', 'a.@dst.test', 'a.@mail.docomo.ne.jp', 'a..b c@docomo.ne.jp', 'a..(b@docomo.ne.jp', 'a.."@docomo.ne.jp'];

describe('over HTTP', () => {
  let api: Harness;
  beforeAll(async () => {
    api = await startApi();
  });
  afterAll(() => api.stop());
  const send = (form: Record<string, string>) =>
    api.call('POST', '/v3/example.com/messages', { form: { from: 'a@example.com', to: 'b@dst.test', text: 'x', ...form } });

  it.each(['to', 'cc', 'bcc'])('%s', async (parameter) => {
    const others = parameter === 'to' ? [] : ['b@dst.test'];
    expect((await send({ [parameter]: [...QUOTED, ...LOOSE.map((address) => `Taro <${address}>`)].join(', ') })).status).toBe(200);
    const { recipients, raw = '' } = api.intake.accepted.at(-1) ?? {};
    expect(recipients).toEqual([...others, ...QUOTED, ...WRITTEN]);
    const field = new RegExp(`^${parameter}: (.*)$`, 'im').exec(raw.replace(/\r\n[ \t]/g, ' '))?.[1];
    if (parameter !== 'bcc') expect(field).toBe([...QUOTED, ...WRITTEN.map((address) => `Taro <${address}>`)].join(', '));
    for (const address of REFUSED) expect((await send({ [parameter]: address })).status, address).toBe(400);
  });

  it('messages.mime, and variables by the address as it was given', async () => {
    const form = { to: LOOSE[0] ?? '', message: 'From: a@example.com\n\nx\n', 'recipient-variables': '{"a..b@docomo.ne.jp": {"x": 1}}' };
    expect((await api.call('POST', '/v3/example.com/messages.mime', { form })).status).toBe(200);
    const { recipients, recipientVariables } = api.intake.accepted.at(-1) ?? {};
    expect(recipients).toEqual(['"a..b"@docomo.ne.jp']);
    expect([...(recipientVariables?.byAddress.keys() ?? [])]).toEqual(recipients);
    expect([...parseRecipientVariables('x', '{"a": {"b": 1}}').byAddress.keys()]).toEqual([]);
  });

  it('from is held to the standard', async () => expect((await send({ from: 'a..b@docomo.ne.jp' })).status).toBe(400));
});

it('over SMTP', async () => {
  const { port, intake } = await startServer({ trusted: () => true });
  const client = await SmtpClient.ready(port);
  await client.command('MAIL FROM:<a..b@docomo.ne.jp>', /^501 5\.1\.7/);
  await client.command('MAIL FROM:<"x..y"@a.test>', /^250 2\.1\.0/);
  await client.command('RSET', /^250/);
  await client.command('MAIL FROM:<x@a.test>', /^250/);
  for (const address of [...LOOSE, ...QUOTED]) await client.command(`RCPT TO:<${address}>`, /^250 2\.1\.5/);
  for (const address of REFUSED) await client.command(`RCPT TO:<${address}>`, /^501 5\./);
  await client.command('DATA', /^354/);
  await client.command('Subject: x\r\n\r\nx\r\n.', /^250/);
  expect(intake.kept[0]?.recipients).toEqual([...WRITTEN, ...QUOTED]);
});

it('nobody has loose dots unless the configuration says so', () => {
  expect([...loadLooseDots(false)]).toEqual([]);
  expect(loadLooseDots(true)).toContain('docomo.ne.jp');
  for (const address of LOOSE) expect(parseAddress(address)).toBeUndefined();
  expect(parseAddress(`${'a.'.repeat(33)}@docomo.ne.jp`, () => true)).toBeUndefined();
});
