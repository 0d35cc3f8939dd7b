/** An operator sees what waits, why, and can end it; its owner is told by an event. */
import { expect, test } from 'vitest';
import { openWorld } from './support/world.js';

test('queue show and cancel', async () => {
  const world = await openWorld({ mx: { script: { rcpt: '451 4.2.1 mailbox busy' } } });
  const first = await world.send({ to: 'first@dst.test', subject: 'First' });
  await world.send({ to: 'second@dst.test' });
  await world.waitForEvents({ accepted: 2, 'failed temporary': 2 });
  const json = async (...args: string[]) => {
    const { code, stdout, stderr } = await world.server.cli(...args, '--json');
    expect([code, stderr]).toEqual([0, '']);
    return JSON.parse(stdout);
  };

  const { items } = await json('queue', 'list', '--recipient', 'first@dst.test');
  expect(items).toHaveLength(1);
  const shown = await json('queue', 'show', String(items[0].id));
  expect(shown).toMatchObject({
    message_id: first,
    recipient: 'first@dst.test',
    destination: 'dst.test',
    subject: 'First',
    attempts: 1,
    last: { code: 451, message: expect.stringContaining('mailbox busy') },
  });
  expect(Date.parse(shown.due)).toBeGreaterThan(Date.now() + 5 * 60_000);
  expect(shown.why).toMatch(
    /^It was tried once; mx\.dst\.test put it off .*"451 4\.2\.1 mailbox busy"\. It is tried again in \d+ minutes\./,
  );
  expect(Date.parse(shown.next_attempt_at)).toBe(Date.parse(shown.due));
  const [conversation] = shown.conversations;
  expect(conversation).toMatchObject({ attempt: 1, outcome: 'deferred' });
  expect(conversation.text.split('\n')).toEqual(
    expect.arrayContaining([
      expect.stringMatching(/^\* connected to mx\.dst\.test \[127\./),
      expect.stringMatching(/^S: 220 mx\.dst\.test/),
      expect.stringMatching(/^C: EHLO /),
      expect.stringMatching(/^C: RCPT TO:<first@dst\.test>/),
      'S: 451 4.2.1 mailbox busy',
    ]),
  );
  expect(conversation.text).not.toContain('Hello there');
  const table = await world.server.cli('queue', 'show', String(items[0].id));
  expect(table.stdout).toMatch(/why {2,}It was tried once[\s\S]*first@dst\.test[\s\S]*Attempt 1 at [\s\S]*S: 451 4\.2\.1 mailbox busy/);

  expect(await json('queue', 'cancel', '--recipient', 'first@dst.test')).toEqual({ count: 1 });
  const events = await world.waitForEvents({ accepted: 2, 'failed temporary': 2, 'failed permanent': 1 });
  expect(events.at(-1)).toMatchObject({
    recipient: 'first@dst.test',
    'delivery-status': { description: 'Cancelled before it was delivered' },
  });
  expect((await json('queue', 'list')).items).toMatchObject([{ recipient: 'second@dst.test' }]);
  const over = await json('queue', 'show', String(items[0].id));
  expect(over).toMatchObject({
    state: 'failed',
    recipient: 'first@dst.test',
    end: { message: 'Cancelled before it was delivered', code: 604 },
  });
  expect(over.conversations).toEqual(shown.conversations);
  expect((await json('queue', 'show', first)).items).toMatchObject([{ id: items[0].id, state: 'failed' }]);
  expect(await world.server.cli('queue', 'show', '1')).toMatchObject({ code: 1 });

  expect(await json('queue', 'cancel', '--all', '--yes')).toEqual({ count: 1 });
  expect((await json('queue', 'list')).items).toEqual([]);
});

test('a site names the mail of every domain at its servers', async () => {
  const world = await openWorld({
    mx: { script: { rcpt: '450 4.2.1 later' } },
    zones: { 'other.test': { MX: [{ preference: 10, exchange: 'mx.dst.test' }] } },
  });
  await world.send({ to: ['a@dst.test', 'b@other.test', 'c@nowhere.test'] });
  await world.waitForEvents({ accepted: 3, 'failed temporary': 2, 'failed permanent': 1 });
  await world.send({ to: ['d@elsewhere.invalid'], 'o:deliverytime': new Date(Date.now() + 3_600_000).toUTCString() });
  const listed = async () => JSON.parse((await world.server.cli('queue', 'list', '--site', 'mx.dst.test', '--json')).stdout).items;
  expect((await listed()).map(({ recipient }: { recipient: string }) => recipient).sort()).toEqual(['a@dst.test', 'b@other.test']);
  expect(JSON.parse((await world.server.cli('queue', 'cancel', '--site', 'mx.dst.test', '--json')).stdout)).toEqual({ count: 2 });
  expect(await listed()).toEqual([]);
  expect(JSON.parse((await world.server.cli('queue', 'list', '--json')).stdout).items).toHaveLength(1);
});

test('queue hold keeps mail back, says so, and release lets it go', async () => {
  const world = await openWorld();
  const json = async (...args: string[]) => {
    const { code, stdout, stderr } = await world.server.cli(...args, '--json');
    expect([code, stderr]).toEqual([0, '']);
    return JSON.parse(stdout);
  };
  expect(await json('queue', 'hold', '--destination', 'dst.test', '--reason', 'they move')).toMatchObject({ destination: 'dst.test' });
  const held = await world.send();
  const { items } = await json('queue', 'show', held);
  expect(items).toMatchObject([
    {
      state: 'open',
      attempts: 0,
      next_attempt_at: null,
      why: expect.stringContaining('yet. Held by its own account: they move. It is given up'),
    },
  ]);
  expect((await json('queue', 'holds')).items).toMatchObject([{ destination: 'dst.test', site: null, reason: 'they move' }]);
  expect((await world.server.cli('queue', 'release')).code).toBe(2);
  expect(world.mx.connections.total).toBe(0);
  expect((await json('queue', 'release', '--destination', 'dst.test')).items).toHaveLength(1);
  await world.waitForEvents({ accepted: 1, delivered: 1 });
  expect((await json('queue', 'holds')).items).toEqual([]);
  expect((await json('queue', 'show', held)).items).toMatchObject([{ state: 'delivered', end: { code: 250, mx_host: 'mx.dst.test' } }]);
});
