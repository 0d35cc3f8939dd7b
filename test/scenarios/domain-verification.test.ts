/** A domain that has not shown its DNS records sends a little; one that has sends freely. */
import { expect, test } from 'vitest';
import { openWorld, type World } from './support/world.js';

function publish({ dns, records }: World): void {
  for (const { record_type, name, value } of records) {
    if (record_type === 'TXT') dns.set(name, { TXT: [value.match(/.{1,255}/g) ?? []] });
  }
}

test('the daily limit holds over both doors until the domain is verified', async () => {
  const world = await openWorld({ config: { limits: { unverifiedDomainPerDay: 3 } } });
  await world.send({ to: ['a@dst.test', 'b@dst.test'] });
  expect(await world.submit()).toMatchObject({ code: 250 });
  await expect(world.send()).rejects.toThrow(/429.*recipient limit exceeded/);
  expect(await world.submit()).toMatchObject({ code: 450, text: expect.stringContaining('4.7.1') });

  // The count outlives the process.
  expect(await world.server.stop()).toBe(0);
  await world.server.start();
  await expect(world.send()).rejects.toThrow(/429/);

  publish(world);
  const { body } = await world.server.api('PUT', '/v4/domains/src.test/verify');
  expect(body.domain.state).toBe('active');
  await world.send();
  expect(await world.submit()).toMatchObject({ code: 250 });
  await world.waitForEvents({ accepted: 5, delivered: 5 });
});

test('verification says which record is missing, and finds it once it is there', async () => {
  const world = await openWorld();
  const verify = async () => {
    const { status, body } = await world.server.api('PUT', '/v4/domains/src.test/verify');
    expect(status).toBe(200);
    const valid = Object.fromEntries(
      body.sending_dns_records.map((record: { name: string; valid: string }) => [record.name, record.valid]),
    );
    return { state: body.domain.state, spf: valid['src.test'], dkim: valid['mailwagon._domainkey.src.test'] };
  };
  world.dns.set('src.test', { TXT: ['v=spf1 -all'], ttl: 1 });
  expect(await verify()).toEqual({ state: 'unverified', spf: 'invalid', dkim: 'invalid' });
  publish(world);
  expect(await verify()).toEqual({ state: 'active', spf: 'valid', dkim: 'valid' });
  const shown = await world.server.cli('domain', 'show', 'src.test', '--json');
  expect(JSON.parse(shown.stdout).domain.state).toBe('active');
});
