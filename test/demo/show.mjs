// @ts-check
/** How the demo shows what it did: steps, mails, events. */

/** @param {string} text */
export const showStep = (text) => console.log(`\n=== ${text}`);

/** @param {boolean} condition @param {string} failure */
export function check(condition, failure) {
  if (!condition) throw new Error(failure);
}

/** Headers as they are, with the long signature shortened, then the body with its transfer encoding undone. @param {Buffer} data */
export function showMail(data) {
  const text = data.toString('utf8').replaceAll('\r\n', '\n');
  const end = text.indexOf('\n\n');
  const head = text.slice(0, end).replace(/\bb=(?:[^;\n]|\n[ \t])+/, (signature) => `${signature.replaceAll(/\s/g, '').slice(0, 24)}…`);
  const body = text.slice(end + 2);
  for (const line of head.split('\n')) console.log(`  ${line}`);
  console.log('');
  for (const line of decode(head, body).trimEnd().split('\n')) console.log(`  ${line}`);
}

/** @param {string} head @param {string} body */
function decode(head, body) {
  const [, encoding = ''] = /^content-transfer-encoding:\s*(\S+)/im.exec(head) ?? [];
  if (/base64/i.test(encoding)) return Buffer.from(body, 'base64').toString('utf8');
  if (!/quoted-printable/i.test(encoding)) return body;
  const bytes = body.replace(/=\n/g, '').replace(/=([0-9A-F]{2})/gi, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(bytes, 'latin1').toString('utf8');
}

/** @param {any[]} events */
export function showEvents(events) {
  const rows = events.map((event) => [
    new Date(event.timestamp * 1000).toISOString().slice(11, 23),
    event.event,
    event.method,
    event.recipient,
    event.message.headers.subject,
    answerOf(event),
  ]);
  showTable(['TIME', 'EVENT', 'DOOR', 'RECIPIENT', 'SUBJECT', 'ANSWER'], rows);
}

/** @param {any} event */
function answerOf({ 'delivery-status': status }) {
  return status ? `${status.code} ${status.message} (${status.tls ? 'TLS' : 'no TLS'}, ${status['mx-host']})` : '';
}

/** @param {string[]} header @param {string[][]} rows */
function showTable(header, rows) {
  const widths = header.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)));
  for (const row of [header, ...rows])
    console.log(
      `  ${row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd()}`,
    );
}
