/** Asks one server one question: over UDP from a new random port, or over TCP if the UDP answer was truncated. Never rejects. */
import { createSocket } from 'node:dgram';
import { createConnection, isIPv6 } from 'node:net';
import type { DnsFailure, DnsType } from './dns-answer.js';
import { type DnsResponse, encodeQuestion, randomQueryId, readResponse } from './dns-message.js';

export interface DnsServer {
  ip: string;
  port: number;
}

export type Exchange = { kind: 'response'; response: DnsResponse } | { kind: 'failed'; reason: DnsFailure };

/** A way to send a question. `onBytes` gets each whole message that comes back, until it says that it is done. */
type Transport = (
  server: DnsServer,
  query: Buffer,
  onBytes: (bytes: Buffer) => void,
  onFailure: (reason: DnsFailure) => void,
) => () => void;

const FORMERR = 1;
const NOTIMP = 4;

/** `name` is normalised. `timeLeft` gives the time, in ms, that the next UDP exchange or TCP connection may take. */
export async function exchange(server: DnsServer, name: string, type: DnsType, timeLeft: () => number): Promise<Exchange> {
  let edns = true;
  let answer = await ask(overUdp, server, name, type, edns, timeLeft());
  if (answer.kind === 'response' && (answer.response.rcode === FORMERR || answer.response.rcode === NOTIMP)) {
    edns = false;
    answer = await ask(overUdp, server, name, type, edns, timeLeft());
  }
  if (answer.kind === 'response' && answer.response.truncated) {
    answer = await ask(overTcp, server, name, type, edns, timeLeft());
  }
  return answer;
}

function ask(transport: Transport, server: DnsServer, name: string, type: DnsType, edns: boolean, timeoutMs: number): Promise<Exchange> {
  const question = { id: randomQueryId(), name, type };
  return new Promise((resolve) => {
    let stop: () => void = () => {};
    let done = false;
    const finish = (result: Exchange) => {
      if (done) return;
      done = true;
      clearTimeout(timer);
      stop();
      resolve(result);
    };
    const timer = setTimeout(() => finish({ kind: 'failed', reason: 'timeout' }), timeoutMs);
    stop = transport(
      server,
      encodeQuestion(question, edns),
      (bytes) => {
        const read = readResponse(bytes, question);
        if (read.kind === 'response') finish(read);
        else if (read.kind === 'malformed') finish({ kind: 'failed', reason: 'malformed' });
      },
      (reason) => finish({ kind: 'failed', reason }),
    );
    if (done) stop();
  });
}

/** The socket is connected, so the kernel drops datagrams from other addresses, and reports a closed port at once. */
const overUdp: Transport = (server, query, onBytes, onFailure) => {
  const socket = createSocket(isIPv6(server.ip) ? 'udp6' : 'udp4');
  let open = true;
  socket.on('message', onBytes);
  socket.on('error', () => onFailure('unreachable'));
  socket.on('connect', () => {
    socket.send(query, (error) => {
      if (error) onFailure('unreachable');
    });
  });
  socket.connect(server.port, server.ip);
  return () => {
    if (open) socket.close();
    open = false;
  };
};

/** Over TCP, each message has its length in two octets before it (RFC 1035 4.2.2). */
const overTcp: Transport = (server, query, onBytes, onFailure) => {
  const socket = createConnection({ host: server.ip, port: server.port });
  let received = Buffer.alloc(0);
  socket.on('connect', () => {
    const length = Buffer.alloc(2);
    length.writeUInt16BE(query.length);
    socket.write(Buffer.concat([length, query]));
  });
  socket.on('data', (chunk) => {
    received = Buffer.concat([received, chunk]);
    while (received.length >= 2 && received.length >= 2 + received.readUInt16BE(0)) {
      const end = 2 + received.readUInt16BE(0);
      onBytes(received.subarray(2, end));
      received = received.subarray(end);
    }
  });
  socket.on('error', () => onFailure('unreachable'));
  socket.on('close', () => onFailure('unreachable'));
  return () => socket.destroy();
};
