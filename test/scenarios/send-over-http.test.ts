/** A message sent over the HTTP API to two people reaches both, and nobody else learns of a third. */
import { expect, test } from 'vitest';
import { verifyDkim } from '../support/verify-dkim.mjs';
import { openWorld, readMessage } from './support/world.js';

test('two recipients get one signed message each', async () => {
  const world = await openWorld();
  const id = await world.send({ to: ['a@dst.test', 'b@dst.test'], subject: 'Grüße' });

  const events = await world.waitForEvents({ accepted: 2, delivered: 2 });
  expect(events.map(({ event }) => event).slice(0, 2)).toEqual(['accepted', 'accepted']);
  expect(events.filter(({ event }) => event === 'delivered').map(({ recipient }) => recipient)).toEqual(
    expect.arrayContaining(['a@dst.test', 'b@dst.test']),
  );
  for (const event of events) {
    expect(event.message.headers['message-id']).toBe(id);
    expect(event.message.headers.subject).toBe('Grüße');
    expect(event.method).toBe('http');
  }
  expect(world.mx.messages.flatMap(({ rcptTo }) => rcptTo).sort()).toEqual(['a@dst.test', 'b@dst.test']);
  for (const { data, mailFrom } of world.mx.messages) {
    expect(readMessage(data).head).toMatch(/^To: a@dst\.test, ?b@dst\.test$/m);
    expect(mailFrom).toMatch(/@src\.test$/);
    expect(await verifyDkim(data, world.records)).toEqual(['pass']);
  }
});

test('a hidden copy stays hidden', async () => {
  const world = await openWorld();
  await world.send({ to: 'a@dst.test', cc: 'c@dst.test', bcc: 'secret@dst.test' });

  await world.waitForEvents({ accepted: 3, delivered: 3 });
  expect(world.mx.messages.flatMap(({ rcptTo }) => rcptTo).sort()).toEqual(['a@dst.test', 'c@dst.test', 'secret@dst.test']);
  for (const { data } of world.mx.messages) {
    expect(data.toString('latin1')).not.toMatch(/secret|^bcc:/im);
    expect(readMessage(data).head).toMatch(/^Cc: c@dst\.test$/m);
  }
});
