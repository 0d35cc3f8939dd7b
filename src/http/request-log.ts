/** Told of every answer of an endpoint, for whoever counts: method, path as it is defined, status, ms. Must not throw and not wait. */
export type ApiObserver = (method: string, route: string, status: number, ms: number) => void;
