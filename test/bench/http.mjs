// @ts-check
/**
 * How many messages a second `POST /v3/{domain}/messages` takes, beside a bare Express handler in the same run: it authenticates nobody and keeps
 * nothing, but parses the same multipart body with the same parser and answers the same JSON. Mailwagon answers when the message is durable; its
 * deliveries wait, because the smarthost they go to is not there. Runs come in pairs; medians and their ratio are printed at the end. Processor time
 * per message (all threads) stands beside the rates: it says the same on a machine that others are using.
 *
 * `node test/bench/http.mjs [--requests N] [--connections N] [--size BYTES] [--pairs N]` after a build.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { parseArgs } from 'node:util';
import { freePorts } from '../support/free-port.mjs';
import { makeMailwagon } from '../support/mailwagon-process.mjs';
import { tempDir } from '../support/temp-dir.mjs';
import { processorTime } from './support/processor-time.mjs';

const { values } = parseArgs({
  options: {
    requests: { type: 'string', default: '5000' },
    connections: { type: 'string', default: '50' },
    /** Bytes of the text. */
    size: { type: 'string', default: '4096' },
    pairs: { type: 'string', default: '3' },
    /** Folder for a CPU profile of Mailwagon. */
    profile: { type: 'string' },
    /** Internal: be the bare handler. */
    bare: { type: 'boolean', default: false },
  },
});

if (values.bare) await serveBare();
else await bench();

async function serveBare() {
  const { default: express } = await import('express');
  const { default: busboy } = await import('busboy');
  const app = express();
  app.post('/v3/:domain/messages', (incoming, response) => {
    const parser = busboy({ headers: incoming.headers });
    /** @type {Record<string, string>} */
    const fields = {};
    parser.on('field', (name, value) => {
      fields[name] = value;
    });
    parser.on('close', () => response.json({ id: `<${fields.subject}@${incoming.params.domain}>`, message: 'Queued. Thank you.' }));
    incoming.pipe(parser);
  });
  const server = app.listen(0, '127.0.0.1', () => {
    const address = server.address();
    process.send?.(typeof address === 'object' && address !== null ? address.port : 0);
  });
  process.on('disconnect', () => process.exit(0));
}

/** A form of Mailgun's documentation, with a text of the size asked for. */
function makeBody() {
  const boundary = 'bench-boundary-7d1';
  const text = `${'The quick brown fox jumps over the lazy dog. '.repeat(Math.ceil(Number(values.size) / 45)).slice(0, Number(values.size) - 1)}\n`;
  const fields = { from: 'Sender <a@src.test>', to: 'b@dst.test', subject: 'A message of a benchmark', text };
  const parts = Object.entries(fields).map(
    ([name, value]) => `--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
  );
  return { type: `multipart/form-data; boundary=${boundary}`, bytes: Buffer.from(`${parts.join('')}--${boundary}--\r\n`) };
}

/** Requests a second over the connections, the next one of each as soon as the last is answered. @param {number} port @param {string} auth */
async function measure(port, auth) {
  const body = makeBody();
  const connections = Number(values.connections);
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const headers = { authorization: auth, 'content-type': body.type, 'content-length': body.bytes.byteLength };
  const post = () =>
    new Promise((resolve, reject) => {
      const outgoing = request({ port, host: '127.0.0.1', agent, method: 'POST', path: '/v3/src.test/messages', headers }, (response) => {
        response.resume();
        response.on('end', () => (response.statusCode === 200 ? resolve(undefined) : reject(new Error(`answered ${response.statusCode}`))));
      });
      outgoing.on('error', reject);
      outgoing.end(body.bytes);
    });
  let left = Number(values.requests);
  const began = performance.now();
  await Promise.all(
    Array.from({ length: connections }, async () => {
      while (left-- > 0) await post();
    }),
  );
  const seconds = (performance.now() - began) / 1000;
  agent.destroy();
  return Math.round(Number(values.requests) / seconds);
}

async function startMailwagon() {
  const folder = tempDir('mailwagon-bench-');
  const [nowhere = 0] = await freePorts(1);
  const { profile } = values;
  const server = makeMailwagon({
    folder: folder.path,
    wrap: ([node = '', ...rest]) => (profile === undefined ? [node, ...rest] : [node, '--cpu-prof', `--cpu-prof-dir=${profile}`, ...rest]),
    config: {
      limits: { unverifiedDomainPerDay: null, apiRequestsPerMinute: null },
      delivery: { transports: [{ match: '*', host: '127.0.0.1', port: nowhere, tls: 'none' }] },
    },
  });
  const { apiKey } = await server.init();
  const addresses = await server.start();
  const { status, text } = await server.api('POST', '/v4/domains', { form: { name: 'src.test' } });
  if (status !== 200) throw new Error(`creating the domain: ${text}`);
  const auth = `Basic ${Buffer.from(`api:${apiKey}`).toString('base64')}`;
  const stop = () => server.stop().finally(folder.cleanup);
  return { port: addresses.http[0] ?? 0, pid: addresses.pid, auth, stop };
}

/** @param {{ port: number, pid: number }} server @param {string} auth */
async function measureBoth({ port, pid }, auth) {
  const before = processorTime(pid);
  const rate = await measure(port, auth);
  return { rate, cpu: Math.round((processorTime(pid) - before) / Number(values.requests)) };
}

/** @param {number[]} numbers */
function median(numbers) {
  return [...numbers].sort((one, other) => one - other)[Math.floor(numbers.length / 2)] ?? 0;
}

async function bench() {
  const bare = fork(new URL(import.meta.url), ['--bare'], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const [barePort] = await once(bare, 'message');
  const mailwagon = await startMailwagon();
  try {
    console.log(`${values.requests} messages of ${values.size} bytes of text over ${values.connections} connections, messages per second`);
    const results = [];
    for (let pair = 0; pair <= Number(values.pairs); pair++) {
      const result = {
        mailwagon: await measureBoth(mailwagon, mailwagon.auth),
        bare: await measureBoth({ port: barePort, pid: bare.pid ?? 0 }, mailwagon.auth),
      };
      // The first pair warms up.
      if (pair > 0) results.push(result);
      const shown = Object.entries(result).map(([name, { rate, cpu }]) => `${name} ${rate} (${cpu} µs)`);
      console.log(`${pair === 0 ? 'warm-up' : `run ${pair}  `}  ${shown.join('  ')}`);
    }
    const ratios = results.map((result) => result.mailwagon.rate / result.bare.rate);
    const cpu = (/** @type {'mailwagon' | 'bare'} */ name) => median(results.map((result) => result[name].cpu));
    console.log(`processor time per message: mailwagon ${cpu('mailwagon')} µs, bare ${cpu('bare')} µs`);
    console.log(`ratio    ${median(ratios).toFixed(2)} (of each pair: ${ratios.map((ratio) => ratio.toFixed(2)).join(', ')})`);
  } finally {
    bare.disconnect();
    await mailwagon.stop();
  }
}
