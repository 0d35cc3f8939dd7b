// @ts-check
/** A message as the spool takes it, for who puts many without composing any; what matters to them they name. */

/** @param {import('./spool-message.d.mts').NamedFields} named */
export function spoolMessage({ head, body, subject, ...named }) {
  return {
    ...named,
    head,
    body: { kind: /** @type {const} */ ('inline'), bytes: body },
    bodyHash: named.bodyHash ?? '',
    size: head.length + 2 + body.length,
    traits: { eightBitHead: false, eightBitBody: false, longLines: false },
    options: { dkim: true, testMode: false, requireTls: false, skipVerification: false },
    facts: {
      headers: { to: '', from: named.sender, subject, messageId: `${named.id}@${named.domain}` },
      attachments: [],
      tags: [],
      userVariables: {},
      method: /** @type {const} */ ('smtp'),
      isAuthenticated: true,
      originatingIp: '127.0.0.1',
      storageKey: `k${named.id}`,
    },
  };
}
