/**
 * The pages without command lines of their own: "Scheduling Delivery", "Sending in Test Mode", "Sending an AMP Message", "Sending a Message with STO",
 * "Sending a Message with TZO", "Internationalization". What they promise, asked with the line of "Send via HTTP".
 */
import { expect, test } from 'vitest';
import { openManual, QUEUED } from './support/open-manual.ts';

const send = (lines: string) => String.raw`
curl -s --user 'api:YOUR_API_KEY' \
  https://api.mailgun.net/v3/YOUR_DOMAIN_NAME/messages \
  -F from='Excited User <mailgun@YOUR_DOMAIN_NAME>' \
  -F subject='Hello there!' \
  -F text='Testing some Mailgun awesomeness!' \
  ${lines}`;

test.each(['yes', 'true'])('o:testmode=%s accepts the message and does not send it', async (value) => {
  const { curl, world } = await openManual();
  expect(await curl(send(`-F to=recipient@example.com -F o:testmode=${value}`))).toEqual(QUEUED);
  const events = await world.waitForEvents({ accepted: 1, delivered: 1 });
  expect(events.find(({ event }) => event === 'delivered')?.['delivery-status']?.code).toBe(650);
  expect(world.mx.messages).toEqual([]);
});

test('o:deliverytime is at most seven days ahead', async () => {
  const { curl } = await openManual();
  const at = (days: number) => Math.floor(Date.now() / 1000) + days * 86_400;
  expect(await curl(send(`-F to=recipient@example.com -F o:deliverytime=${at(6)}`))).toEqual(QUEUED);
  expect(await curl(send(`-F to=recipient@example.com -F o:deliverytime=${at(8)}`))).toEqual({
    message: expect.stringContaining('o:deliverytime'),
  });
});

test('amp-html becomes a part between text and HTML', async () => {
  const { curl, delivered, world } = await openManual();
  const amp = `--form-string html='<p>HTML</p>' --form-string amp-html='<!doctype html><html ⚡4email><body>AMP</body></html>'`;
  expect(await curl(send(`-F to=recipient@example.com ${amp}`))).toEqual(QUEUED);
  await delivered(1);
  const types = [...(world.mx.messages[0]?.data.toString().matchAll(/^Content-Type: ([^;\r]+)/gim) ?? [])].map(([, type]) => type);
  expect(types).toEqual(['multipart/alternative', 'text/plain', 'text/x-amp-html', 'text/html']);
});

test.each([
  ['o:deliverytime-optimize-period', '24h', '13'],
  ['o:time-zone-localize', '02:15PM', '25:00'],
  ['o:time-zone-localize', '14:15', 'noon'],
])('%s=%s sends at once where nothing is known of the recipient; %s is refused', async (name, good, bad) => {
  const { curl, delivered } = await openManual();
  expect(await curl(send(`-F to=recipient@example.com -F ${name}=${good}`))).toEqual(QUEUED);
  await delivered(1);
  expect(await curl(send(`-F to=recipient@example.com -F ${name}=${bad}`))).toEqual({ message: expect.stringContaining(name) });
});

test('Internationalized domains go out in punycode, addresses by SMTPUTF8', async () => {
  const { curl, world } = await openManual();
  expect(await curl(send(`-F to='Jörg <joerg@bücher.example>' -F to='jörg@example.com'`))).toEqual(QUEUED);
  const events = await world.waitForEvents({ accepted: 2, delivered: 1, 'failed permanent': 1 });
  expect(events.find(({ event }) => event === 'failed')?.recipient).toBe('joerg@xn--bcher-kva.example');
  const [mail] = world.mx.messages;
  expect(mail?.rcptTo).toEqual(['jörg@example.com']);
  expect(mail?.mailParameters).toContain('SMTPUTF8');
  expect(mail?.data.toString()).toContain('joerg@xn--bcher-kva.example');
});
