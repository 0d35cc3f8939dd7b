import { describe, expect, it } from 'vitest';
import { keyText, spellingDistance } from '#config/yaml/problems.js';

describe('spellingDistance', () => {
  it.each([
    ['hostname', 'hostname', 0],
    ['hostname', 'hostnme', 1],
    ['listen', 'lisetn', 1],
    ['dataDir', 'data_dir', 0],
    ['dataDir', 'DATADIR', 0],
    ['tls', 'ssl', 2],
    ['', 'abc', 3],
  ])('%s and %s: %i', (first, second, distance) => {
    expect(spellingDistance(first, second)).toBe(distance);
    expect(spellingDistance(second, first)).toBe(distance);
  });
});

it('writes key paths as people do', () => {
  expect(keyText(['delivery', 'transports', 0, 'host'])).toBe('delivery.transports[0].host');
  expect(keyText([])).toBe('');
});
