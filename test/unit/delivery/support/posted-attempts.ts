/** Attempts as if they ran on another thread: everything that crosses the boundary, in both directions, must be data and arrives as a copy. */
import { type AttemptDeps, makeAttempts } from '#delivery/attempt/attempt.js';
import type { Attempts } from '#delivery/attempt/boundary.js';

/** How often each kind of message was posted. */
export interface Posted {
  tasks: number;
  results: number;
  progress: number;
  survived: number;
  orders: number;
}

export function makePostedAttempts(posted: Posted): (deps: AttemptDeps) => Attempts {
  function post<T>(kind: keyof Posted, message: T): T {
    posted[kind]++;
    checkData(message, kind);
    return structuredClone(message);
  }
  return (deps) => {
    const { onProgress, onSurvived } = deps.listener;
    const listener: AttemptDeps['listener'] = {
      onProgress: (changes) => onProgress(post('progress', changes)),
      onSurvived: (delivery) => onSurvived(post('survived', delivery)),
    };
    const attempts = makeAttempts({ ...deps, listener });
    return {
      ...attempts,
      run: async (task) => post('results', await attempts.run(post('tasks', task))),
      giveUp: (order) => attempts.giveUp(post('orders', order)),
    };
  };
}

/** Throws where something is more than data. structuredClone alone would make a plain object of an instance, and nobody would notice. */
export function checkData(value: unknown, where: string): void {
  if (
    value instanceof Uint8Array ||
    value === null ||
    (typeof value !== 'object' && typeof value !== 'function' && typeof value !== 'symbol')
  ) {
    return;
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (!Array.isArray(value) && prototype !== Object.prototype) throw new Error(`${where} is no data`);
  for (const [name, descriptor] of Object.entries(Object.getOwnPropertyDescriptors(value))) {
    if (descriptor.get !== undefined) throw new Error(`${where}.${name} is computed`);
    checkData(descriptor.value, `${where}.${name}`);
  }
}
