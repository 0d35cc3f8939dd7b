// @ts-check
/**
 * A DNS server on 127.0.0.1 (UDP and TCP on one port) that answers from a table and misbehaves on request. Names that are
 * not in the table do not exist; a name without the asked type is a negative answer with an SOA.
 */
import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';
import packet from 'dns-packet';

const { AUTHENTIC_DATA, RECURSION_AVAILABLE, RECURSION_DESIRED, TRUNCATED_RESPONSE } = packet;
const RCODES = { servfail: 2, nxdomain: 3, notimp: 4, refused: 5, formerr: 1 };
const MAX_CHAIN = 12;

/** @param {Record<string, any>} [zones] */
export async function startFakeDns(zones = {}) {
  const table = new Map(Object.entries(zones).map(([name, entry]) => [normal(name), entry]));
  /** @type {{ name: string, type: string, transport: 'udp' | 'tcp', edns: boolean, id: number, port: number }[]} */
  const queries = [];
  const { tcp, udp, port } = await listenOnBoth();
  const liar = createSocket('udp4');
  /** @type {Set<import('node:net').Socket>} */
  const sockets = new Set();

  /** @param {Buffer} bytes @param {'udp' | 'tcp'} transport @param {number} fromPort */
  function note(bytes, transport, fromPort) {
    const query = packet.decode(bytes);
    const [question] = query.questions ?? [];
    if (!question) return undefined;
    const edns = (query.additionals ?? []).some((record) => record.type === 'OPT');
    const asked = { name: normal(question.name), type: question.type, transport, edns, id: query.id ?? 0, port: fromPort };
    queries.push(asked);
    return { query, asked, count: queries.filter((one) => one.name === asked.name && one.type === asked.type).length };
  }

  udp.on('message', (bytes, from) => {
    const noted = note(bytes, 'udp', from.port);
    if (!noted) return;
    const { lies, answer, delayMs } = respond(table, noted);
    for (const lie of lies) (lie.elsewhere ? liar : udp).send(lie.bytes, from.port, from.address, () => {});
    if (answer) setTimeout(() => !closed && udp.send(answer, from.port, from.address, () => {}), delayMs);
  });

  tcp.on('connection', (socket) => {
    sockets.add(socket);
    let received = Buffer.alloc(0);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk]);
      if (received.length < 2 || received.length < 2 + received.readUInt16BE(0)) return;
      const noted = note(received.subarray(2, 2 + received.readUInt16BE(0)), 'tcp', socket.remotePort ?? 0);
      received = Buffer.alloc(0);
      const answer = noted && respond(table, noted).answer;
      if (!answer) return;
      const length = Buffer.alloc(2);
      length.writeUInt16BE(answer.length);
      // In two pieces, because TCP promises no more than that.
      socket.write(Buffer.concat([length, answer.subarray(0, 5)]), () => socket.write(answer.subarray(5)));
    });
  });

  let closed = false;
  return {
    port,
    address: `127.0.0.1:${port}`,
    queries,
    /** @param {string} [name] @param {string} [type] */
    count: (name, type) =>
      queries.filter((one) => (name === undefined || one.name === normal(name)) && (type === undefined || one.type === type)).length,
    /** @param {string} name @param {any} entry */
    set: (name, entry) => void table.set(normal(name), entry),
    /** @param {string} name */
    remove: (name) => void table.delete(normal(name)),
    async close() {
      if (closed) return;
      closed = true;
      for (const socket of sockets) socket.destroy();
      await Promise.all([
        new Promise((resolve) => udp.close(() => resolve(undefined))),
        new Promise((resolve) => liar.close(() => resolve(undefined))),
        new Promise((resolve) => tcp.close(() => resolve(undefined))),
      ]);
    },
  };
}

/** @param {Map<string, any>} table @param {any} noted */
function respond(table, { query, asked, count }) {
  const entry = entryOf(table, asked.name) ?? 'nxdomain';
  const settings = typeof entry === 'string' ? {} : entry;
  const special = typeof entry === 'string' ? entry : specialOf(settings[asked.type], count);
  const base = {
    type: /** @type {const} */ ('response'),
    id: query.id,
    questions: query.questions,
    flags: RECURSION_DESIRED | RECURSION_AVAILABLE,
  };
  const lies = (settings.lies ?? []).map((/** @type {string} */ kind) => lie(kind, base, asked));
  const delayMs = settings.delayMs ?? 0;
  const done = (/** @type {Buffer | undefined} */ answer) => ({ lies, answer, delayMs });
  if (special === 'timeout') return done(undefined);
  if (special === 'garbage')
    return done(Buffer.concat([packet.encode({ ...base, questions: [] }).subarray(0, 2), Buffer.from('not a DNS message at all')]));
  if (special === 'wrong-id' || special === 'wrong-question') return done(lie(special, base, asked).bytes);
  if (settings.noEdns && asked.edns) return done(packet.encode({ ...base, questions: [], flags: base.flags | RCODES.formerr }));
  if (special !== undefined && special in RCODES) {
    const rcode = RCODES[/** @type {keyof typeof RCODES} */ (special)];
    return done(packet.encode({ ...base, flags: base.flags | rcode, authorities: special === 'nxdomain' ? [soa(asked.name)] : [] }));
  }
  if (settings.truncate && asked.transport === 'udp') return done(packet.encode({ ...base, flags: base.flags | TRUNCATED_RESPONSE }));
  const chain = chainOf(table, asked.name, asked.type, count);
  const flags = base.flags | (settings.ad ? AUTHENTIC_DATA : 0) | (chain.nxdomain ? RCODES.nxdomain : 0);
  return done(packet.encode({ ...base, flags, answers: chain.answers, authorities: chain.complete ? [] : [soa(asked.name)] }));
}

/** The records of a name, through CNAMEs as a recursive resolver gives them (unless the entry says `lone: true`). */
function chainOf(
  /** @type {Map<string, any>} */ table,
  /** @type {string} */ name,
  /** @type {string} */ type,
  /** @type {number} */ count,
) {
  /** @type {any[]} */
  const answers = [];
  let current = name;
  for (let hop = 0; hop < MAX_CHAIN; hop++) {
    const entry = entryOf(table, current);
    if (entry === undefined || entry === 'nxdomain') return { answers, complete: false, nxdomain: true };
    const ttl = entry.ttl ?? 300;
    const records = recordsOf(entry[type], count);
    for (const data of records) answers.push({ name: current, type, ttl, class: 'IN', data: type === 'TXT' ? [data].flat() : data });
    if (records.length > 0) return { answers, complete: true, nxdomain: false };
    if (entry.CNAME === undefined) return { answers, complete: false, nxdomain: false };
    answers.push({ name: current, type: 'CNAME', ttl, class: 'IN', data: entry.CNAME });
    if (entry.lone) return { answers, complete: true, nxdomain: false };
    current = normal(entry.CNAME);
  }
  return { answers, complete: true, nxdomain: false };
}

/** @param {Map<string, any>} table @param {string} name */
const entryOf = (table, name) => table.get(name) ?? table.get(`*.${name.split('.').slice(1).join('.')}`);

/** @param {any} value @param {number} count @returns {any[]} */
function recordsOf(value, count) {
  const given = typeof value === 'function' ? value(count) : value;
  return given === undefined || typeof given === 'string' ? [] : given;
}

/** @param {any} value @param {number} count @returns {string | undefined} */
function specialOf(value, count) {
  const given = typeof value === 'function' ? value(count) : value;
  return typeof given === 'string' ? given : undefined;
}

/** A forged answer that points to 6.6.6.6. @param {string} kind @param {any} base @param {any} asked */
function lie(kind, base, asked) {
  const name = kind === 'wrong-question' ? `not-${asked.name}` : asked.name;
  const answers =
    asked.type === 'MX'
      ? [{ name, type: 'MX', ttl: 300, class: 'IN', data: { preference: 0, exchange: 'forged.test' } }]
      : [{ name, type: 'A', ttl: 300, class: 'IN', data: '6.6.6.6' }];
  const id = kind === 'wrong-id' ? (base.id ^ 0x5555) & 0xffff : base.id;
  const type = kind === 'not-a-response' ? 'query' : base.type;
  return {
    elsewhere: kind === 'wrong-source',
    bytes: packet.encode({ ...base, type, id, questions: [{ name, type: asked.type, class: 'IN' }], answers }),
  };
}

/** @param {string} name @returns {any} */
const soa = (name) => ({
  name: name.split('.').slice(-2).join('.'),
  type: 'SOA',
  ttl: 120,
  class: 'IN',
  data: { mname: 'ns.test', rname: 'hostmaster.test', serial: 1, refresh: 1, retry: 1, expire: 1, minimum: 120 },
});

/** @param {string} name */
const normal = (name) => name.toLowerCase().replace(/\.$/, '');

/** The same free port for both protocols; tries again when the other one is taken. */
async function listenOnBoth() {
  for (let attempt = 0; attempt < 20; attempt++) {
    const tcp = createServer();
    await new Promise((resolve) => tcp.listen(0, '127.0.0.1', () => resolve(undefined)));
    const { port } = /** @type {import('node:net').AddressInfo} */ (tcp.address());
    const udp = createSocket('udp4');
    const bound = await new Promise((resolve) => {
      udp.once('error', () => resolve(false));
      udp.bind(port, '127.0.0.1', () => resolve(true));
    });
    if (bound) return { tcp, udp, port };
    tcp.close();
  }
  throw new Error('no port is free for both UDP and TCP');
}
