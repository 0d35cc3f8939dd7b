/**
 * Hostile recipient variables and containers through the real intake, and what was accepted through the merge: a refusal or messages of the same
 * structure, never a crash, never a field or a part that a value made. Seeded mutations of a checked-in corpus.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type Message, parseAddress, Refusal } from '#core';
import { parseRecipientVariables } from '#intake';
import { joinHead, type MimePart, makeMimeWalker, mergeRecipientOf, parseHead, planMerge, renderMerge } from '#mail';
import type { NewDelivery } from '#store';
import { makeTestIntake } from '../../unit/intake/support/test-intake.js';
import { cutAtRandom, makeRandom, mutate } from '../mail/mutate.js';

const CORPUS = new URL('./corpus/', import.meta.url);
const corpus = (ending: string): [string, Buffer][] =>
  readdirSync(CORPUS)
    .filter((name) => name.endsWith(ending))
    .sort()
    .map((name) => [name, readFileSync(new URL(name, CORPUS))]);
const MESSAGES = corpus('.eml');
const VARIABLES = corpus('.json');
const ROUNDS = Math.ceil(Number(process.env.FUZZ_MUTATIONS ?? 250) / 2);

const recipients = ['bob@dst.example', 'alice@dst.example'].flatMap((text) => parseAddress(text) ?? []);
const intake = makeTestIntake();

/** What was committed; undefined when it was refused, as it should be. */
async function accept(raw: string, json: string) {
  try {
    const recipientVariables = parseRecipientVariables("'recipient-variables' parameter", json);
    const taken = await intake.take(raw, { recipients, recipientVariables });
    return taken instanceof Refusal ? undefined : taken.put;
  } catch (error) {
    if (error instanceof Refusal) return undefined;
    throw error;
  }
}

/** Kind, type and depth of every part. */
function structureOf(head: Uint8Array, body: Uint8Array): string[] {
  const parts: string[] = [];
  const start = ({ depth, kind, contentType }: MimePart) => void parts.push(`${depth} ${kind} ${contentType}`);
  const nothing = () => undefined;
  const walker = makeMimeWalker(
    parseHead(head),
    { start, content: nothing, finish: nothing, delimiter: nothing, filler: nothing },
    { openMessages: false },
  );
  walker.push(body);
  walker.end();
  return parts;
}

const namesOf = (head: Uint8Array) => parseHead(head).map((field) => field.lowerName);

async function* chunksOf(body: Uint8Array, seed: number): AsyncGenerator<Uint8Array> {
  yield* cutAtRandom(body, makeRandom(seed));
}

async function checkMessage({ head, body }: Message, delivery: NewDelivery, seed: number): Promise<void> {
  const stored = body.kind === 'inline' ? body.bytes : Buffer.alloc(0);
  const plan = await planMerge(parseHead(head), [stored]);
  const merged = renderMerge(plan, mergeRecipientOf(delivery));
  const made = merged.body(stored);
  const pieces: Uint8Array[] = [];
  for await (const piece of merged.stream(chunksOf(stored, seed))) pieces.push(piece);
  expect(Buffer.concat(pieces).equals(made)).toBe(true);
  expect(Buffer.from(joinHead(parseHead(merged.head))).equals(merged.head)).toBe(true);
  expect(Buffer.from(merged.head).toString('latin1')).not.toMatch(/\0|(?<!\r)\n|\r(?!\n)|\r\n\r\n|[^\r\n]{999}/);
  const others = namesOf(merged.head).filter((name) => !/^(?:to|reply-to|content-.*|mime-version)$/.test(name));
  expect(others).toEqual(namesOf(head).filter((name) => !/^(?:to|reply-to|content-.*|mime-version)$/.test(name)));
  for (const name of ['to', 'reply-to', 'content-type', 'mime-version']) {
    expect(namesOf(merged.head).filter((one) => one === name).length, name).toBeLessThanOrEqual(
      Math.max(1, namesOf(head).filter((one) => one === name).length),
    );
  }
  expect(structureOf(merged.head, made)).toEqual(structureOf(head, stored));
  expect(Buffer.from(made).toString('latin1')).not.toMatch(/(?<!\r)\n|\r(?!\n)/);
}

describe.each(MESSAGES)('%s with recipient variables', (_name, message) => {
  it.each(VARIABLES)('%s', async (_variables, json) => {
    let accepted = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const random = makeRandom(round * 7919 + json.length);
      // The first as they are; then one of them or both mutated.
      const raw = round > 0 && random() < 0.6 ? mutate(message, random) : message;
      const text = round > 0 && random() < 0.6 ? mutate(json, random) : json;
      const put = await accept(raw.toString('latin1'), text.toString('utf8'));
      if (put === undefined) continue;
      accepted++;
      for (const event of put.events) JSON.parse(event.body);
      for (const delivery of put.deliveries) {
        await checkMessage(put.message, delivery, round).catch((error) => {
          throw new Error(`round ${round}: ${error.message}\n${text}\n${raw.toString('latin1')}`);
        });
      }
    }
    expect(accepted).toBeGreaterThan(json.includes('"__proto__":') ? -1 : ROUNDS / 10);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });
});
