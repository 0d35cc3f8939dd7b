/** Finds the endpoint of a request by its method and path, looking only at those with as many parts in their path. */
import type { Endpoint } from './define-endpoint.js';

export interface FoundEndpoint {
  endpoint: Endpoint;
  /** Path parameters, percent-decoded. */
  params: Record<string, string>;
}

export type EndpointFinder = (method: string, path: string) => FoundEndpoint | undefined;

/**
 * Gives the first endpoint that fits. Upper and lower case differ, one slash at the end of a path is ignored, a parameter is one part of the path that is
 * not empty, and HEAD goes to the endpoint of GET. Undefined when nothing fits, and for a parameter whose percent escapes are no UTF-8.
 */
export function makeEndpointFinder(endpoints: readonly Endpoint[]): EndpointFinder {
  const bySize = new Map<string, { endpoint: Endpoint; parts: string[] }[]>();
  for (const endpoint of endpoints) {
    const parts = endpoint.path.split('/');
    const size = sizeKey(endpoint.method, parts.length);
    bySize.set(size, [...(bySize.get(size) ?? []), { endpoint, parts }]);
  }

  return (method, path) => {
    const given = path.split('/');
    if (given.length > 2 && given.at(-1) === '') given.pop();
    for (const { endpoint, parts } of bySize.get(sizeKey(method === 'HEAD' ? 'GET' : method, given.length)) ?? []) {
      if (parts.every((part, index) => (part.startsWith(':') ? given[index] !== '' : part === given[index])))
        return found(endpoint, parts, given);
    }
    return undefined;
  };
}

const sizeKey = (method: string, size: number): string => `${method} ${size}`;

function found(endpoint: Endpoint, parts: readonly string[], given: readonly string[]): FoundEndpoint | undefined {
  const params: Record<string, string> = {};
  try {
    for (const [index, part] of parts.entries()) {
      const value = given[index] ?? '';
      if (part.startsWith(':')) params[part.slice(1)] = value.includes('%') ? decodeURIComponent(value) : value;
    }
  } catch {
    return undefined;
  }
  return { endpoint, params };
}
