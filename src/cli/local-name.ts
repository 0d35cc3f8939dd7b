/** Names that mean something on one network only (RFC 6761, RFC 6762, RFC 9476), or nothing at all: no other mail server can look them up. */
const LOCAL = /(?:^|\.)(?:localhost|local|localdomain|lan|home|internal|invalid|alt)$/;

export const isLocalName = (hostname: string): boolean => !hostname.includes('.') || LOCAL.test(hostname);
