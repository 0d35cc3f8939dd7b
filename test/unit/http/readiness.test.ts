import { expect, it } from 'vitest';
import { makeReadiness, type ReadinessDeps } from '#http';

function world() {
  const facts = { now: 0, phase: 'running' as 'starting' | 'running' | 'stopping', accepting: true, lost: false, probes: 0 };
  const store: { probe: () => Promise<void> } = { probe: async () => undefined };
  const deps: ReadinessDeps = {
    clock: { now: () => facts.now, monotonic: () => facts.now },
    phase: () => facts.phase,
    probeStore: () => {
      facts.probes++;
      return store.probe();
    },
    areEventsLost: async () => facts.lost,
    isAccepting: () => facts.accepting,
    patienceMs: 20,
  };
  return { facts, store, readiness: makeReadiness(deps) };
}

it('is ready only between start and stop', async () => {
  const { facts, readiness } = world();
  facts.phase = 'starting';
  expect(await readiness.obstacles()).toEqual(['starting']);
  facts.phase = 'running';
  expect(await readiness.obstacles()).toEqual([]);
  facts.phase = 'stopping';
  expect(await readiness.obstacles()).toEqual(['stopping']);
});

it('names all that is wrong, and recovers', async () => {
  const { facts, store, readiness } = world();
  store.probe = () => Promise.reject(new Error('disk full'));
  facts.accepting = false;
  expect(await readiness.obstacles()).toEqual(['store', 'no room']);
  facts.accepting = true;
  store.probe = async () => undefined;
  facts.now += 5000;
  expect(await readiness.obstacles()).toEqual([]);
});

it('says so when events do not reach the log', async () => {
  const { facts, readiness } = world();
  facts.lost = true;
  expect(await readiness.obstacles()).toEqual(['events']);
});

it('waits neither for ever nor twice for a store that does not answer', async () => {
  const { store, facts, readiness } = world();
  store.probe = () => new Promise(() => undefined);
  expect(await Promise.all([readiness.obstacles(), readiness.obstacles()])).toEqual([['store'], ['store']]);
  expect(facts.probes).toBe(1);
});

it('writes nothing more however often it is asked', async () => {
  const { facts, readiness } = world();
  for (let index = 0; index < 1000; index++) await readiness.obstacles();
  expect(facts.probes).toBe(1);
});
