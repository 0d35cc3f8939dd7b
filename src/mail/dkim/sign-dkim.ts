/** Makes a DKIM-Signature field (RFC 6376, RFC 8463), relaxed/relaxed and oversigned, from a head and the hash of a body. */
import { createHash, type KeyObject, sign } from 'node:crypto';
import { type HeadField, parseHead } from '../head/head-fields.js';

/**
 * Each of these is signed once more than it is present (so once when it is absent). Then nobody can add one later without breaking the signature.
 */
const OVERSIGNED = [
  'From',
  'To',
  'Cc',
  'Subject',
  'Date',
  'Message-ID',
  'Reply-To',
  'MIME-Version',
  'Content-Type',
  'Content-Transfer-Encoding',
  'List-Unsubscribe',
  'List-Unsubscribe-Post',
  'Feedback-ID',
];
/** Each of these is signed as often as it is present. */
const SIGNED = [
  'Sender',
  'In-Reply-To',
  'References',
  'Content-ID',
  'Content-Description',
  'Content-Disposition',
  'List-Id',
  'List-Help',
  'List-Post',
  'List-Subscribe',
  'List-Owner',
  'List-Archive',
  'Resent-From',
  'Resent-Sender',
  'Resent-To',
  'Resent-Cc',
  'Resent-Date',
  'Resent-Message-ID',
];

const HTAB = 0x09;
const LF = 0x0a;
const CR = 0x0d;
const SP = 0x20;
const COLON = 0x3a;
const LINE = 76;

export interface DkimRequest {
  head: readonly HeadField[] | Uint8Array;
  /** base64 SHA-256 of the body in relaxed canonical form, as the body will be sent. */
  bodyHash: string;
  /** `d=`, an ASCII domain name. */
  domain: string;
  /** `s=`. */
  selector: string;
  /** RSA or Ed25519. Callers should keep the KeyObject: parsing a PEM takes as long as three signatures. */
  privateKey: KeyObject;
  /** `t=`, seconds since the epoch. */
  at: number;
  /** `x=`, seconds since the epoch. */
  expires?: number;
}

/** Gives the whole field with CRLF, to be put before the head. Signs on the thread pool. Rejects if the key cannot sign. */
export async function signDkim(request: DkimRequest): Promise<Uint8Array> {
  const { privateKey } = request;
  const fields = request.head instanceof Uint8Array ? parseHead(request.head) : request.head;
  const chosen = chooseFields(fields);
  const unsigned = signatureField(request, chosen.names);
  const data = Buffer.concat([
    ...chosen.fields.map((field) => canonicalField(field.raw)),
    canonicalField(Buffer.from(unsigned, 'latin1')).subarray(0, -2),
  ]);
  const signature = await (privateKey.asymmetricKeyType === 'ed25519' ? signEd25519(data, privateKey) : signRsa(data, privateKey));
  return Buffer.from(`${unsigned}${wrapBase64(signature.toString('base64'))}\r\n`, 'latin1');
}

/** The names for `h=` and the fields that they refer to. Fields of one name are taken from the bottom up (RFC 6376 5.4.2). */
function chooseFields(fields: readonly HeadField[]): { names: string[]; fields: HeadField[] } {
  const byName = new Map<string, HeadField[]>();
  for (const field of fields) {
    const instances = byName.get(field.lowerName);
    if (instances) instances.push(field);
    else byName.set(field.lowerName, [field]);
  }
  const names: string[] = [];
  const chosen: HeadField[] = [];
  for (const [list, more] of [[OVERSIGNED, 1] as const, [SIGNED, 0] as const]) {
    for (const name of list) {
      const instances = byName.get(name.toLowerCase())?.reverse() ?? [];
      for (const instance of instances) chosen.push(instance);
      for (let count = 0; count < instances.length + more; count++) names.push(name);
    }
  }
  return { names, fields: chosen };
}

/** The field up to and including `b=`, which has no value yet. */
function signatureField(request: DkimRequest, names: string[]): string {
  const algorithm = request.privateKey.asymmetricKeyType === 'ed25519' ? 'ed25519-sha256' : 'rsa-sha256';
  const expiry = request.expires === undefined ? '' : ` x=${request.expires};`;
  return [
    `DKIM-Signature: v=1; a=${algorithm}; c=relaxed/relaxed; d=${request.domain};`,
    `s=${request.selector}; t=${request.at};${expiry}`,
    `h=${wrapNames(names)};`,
    `bh=${request.bodyHash};`,
    'b=',
  ].join('\r\n\t');
}

function wrapNames(names: string[]): string {
  let text = '';
  let column = 3;
  for (const [index, name] of names.entries()) {
    const piece = index === 0 ? name : `:${name}`;
    if (column + piece.length > LINE) {
      text += index === 0 ? '' : ':\r\n\t';
      text += name;
      column = 1 + name.length;
    } else {
      text += piece;
      column += piece.length;
    }
  }
  return text;
}

function wrapBase64(text: string): string {
  return (text.match(/.{1,72}/g) ?? []).join('\r\n\t');
}

/**
 * Relaxed form of a header field (RFC 6376 3.4.2): lower-case name, one space for any run of blanks, none around the value. It works on bytes, so
 * that 8-bit text and white space other than SP and HTAB stay as they are.
 */
function canonicalField(raw: Uint8Array): Buffer {
  const out = Buffer.allocUnsafe(raw.length + 2);
  let to = 0;
  let index = 0;
  for (; index < raw.length && raw[index] !== COLON; index++) {
    const byte = raw[index] as number;
    if (byte === SP || byte === HTAB || byte === CR || byte === LF) continue;
    out[to++] = byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte;
  }
  out[to++] = COLON;
  const valueStart = to;
  let space = false;
  for (index++; index < raw.length; index++) {
    const byte = raw[index] as number;
    if (byte === CR || byte === LF) continue;
    if (byte === SP || byte === HTAB) {
      space = true;
      continue;
    }
    if (space && to > valueStart) out[to++] = SP;
    space = false;
    out[to++] = byte;
  }
  out[to++] = CR;
  out[to++] = LF;
  return out.subarray(0, to);
}

function signRsa(data: Buffer, key: KeyObject): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    sign('sha256', data, key, (error, signature) => (error ? reject(error) : resolve(signature)));
  });
}

/** RFC 8463 3: Ed25519 signs the SHA-256 of the data. */
function signEd25519(data: Buffer, key: KeyObject): Promise<Buffer> {
  const digest = createHash('sha256').update(data).digest();
  return new Promise((resolve, reject) => {
    sign(null, digest, key, (error, signature) => (error ? reject(error) : resolve(signature)));
  });
}
