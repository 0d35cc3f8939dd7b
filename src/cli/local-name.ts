/** Knows names that other mail servers cannot look up, because they have a meaning on one network only (RFC 6761, RFC 6762, RFC 9476), or none. */
const LOCAL = /(?:^|\.)(?:localhost|local|localdomain|lan|home|internal|invalid|alt)$/;

export const isLocalName = (hostname: string): boolean => !hostname.includes('.') || LOCAL.test(hostname);
