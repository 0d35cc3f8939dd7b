import { describe, expect, it } from 'vitest';
import { InHand } from '#queue/flows/in-hand.js';

const MIB = 1024 * 1024;

describe('what is in hand', () => {
  it('is known until it is let go', () => {
    const inHand = new InHand();
    inHand.add(1);
    inHand.add(2, 100);
    inHand.delete(1);
    expect([inHand.has(1), inHand.has(2)]).toEqual([false, true]);
  });

  it('is crowded by number: then little is read', () => {
    const inHand = new InHand();
    for (let id = 0; id < 50_001; id++) inHand.add(id);
    expect([inHand.isCrowded, inHand.readLimit(256)]).toEqual([true, 16]);
    inHand.delete(7);
    expect([inHand.isCrowded, inHand.readLimit(256)]).toEqual([false, 256]);
  });

  it('is crowded by the bytes of variables: then least is read', () => {
    const inHand = new InHand();
    for (let id = 0; id < 65; id++) inHand.add(id, MIB);
    // Held by somebody else meanwhile: its size is known already.
    inHand.add(3);
    inHand.add(3, 5 * MIB);
    expect([inHand.isCrowded, inHand.readLimit(256)]).toEqual([true, 1]);
    inHand.delete(3);
    inHand.delete(3);
    expect([inHand.isCrowded, inHand.readLimit(16)]).toEqual([false, 16]);
    for (let id = 0; id < 65; id++) inHand.delete(id);
    for (let id = 100; id < 164; id++) inHand.add(id, MIB);
    expect(inHand.isCrowded).toBe(false);
  });
});
