/** The things outside of the program that `doctor` looks at: the network, the disk, the system. Tests pass their own. */
import { execFile } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { access, constants, readFile, stat, statfs } from 'node:fs/promises';
import { connect as connectSocket } from 'node:net';
import { networkInterfaces } from 'node:os';
import { type Config, packageVersion } from '#config';
import { type Clock, cleanText, SECOND, systemClock } from '#core';
import { type AddressResult, type Dns, lookupSystemHost, makeDnsClient } from '#net';
import type { ApiClient } from '../ask/api-client.js';
import { localUrl } from '../ask/connect.js';

/** `greeted`: has the first line that was said. `silent`: the connection was made, and nothing came. */
export type ProbeResult = { kind: 'greeted'; line: string } | { kind: 'silent' } | { kind: 'failed'; code: string };

export interface FolderFacts {
  /** Permission bits. */
  mode: number;
  writable: boolean;
  free: number;
  total: number;
  /** Magic number of the file system (statfs(2)). */
  fileSystem: number;
}

export interface IdleSettings {
  domain: string;
  settings: string[];
}

export interface DoctorWorld {
  clock: Clock;
  dns: Dns;
  /** Addresses of this machine's interfaces. */
  ownAddresses(): string[];
  /** The local addresses that connections to the Internet would leave from; sends nothing. */
  sendingAddresses(): Promise<string[]>;
  /** Addresses of a host of the configuration, found in the server's own way: literals, hosts file, search domains. */
  addressesOfHost(host: string): Promise<AddressResult>;
  /** Connects, and waits for a greeting. */
  probe(ip: string, port: number): Promise<ProbeResult>;
  readText(file: string): Promise<string>;
  /** Undefined when there is no such folder. */
  folder(path: string): Promise<FolderFacts | undefined>;
  nodeVersion: string;
  version: string;
  /** The time by another machine's clock, ms since the epoch; undefined if none can be asked. */
  remoteTime(): Promise<number | undefined>;
  /** Properties of the service, `ActiveState=active`, …; undefined without systemd. */
  systemdUnit(): Promise<string | undefined>;
  /** A page of the running server that needs no key; undefined if the server does not answer. */
  page(path: '/health/ready' | '/metrics'): Promise<{ status: number; text: string } | undefined>;
  /** Domains of all accounts with settings that have no effect yet; undefined if no server answers with the administrator's key. */
  idleSettings(): Promise<readonly IdleSettings[] | undefined>;
}

const PROBE_MS = 5 * SECOND;
const HTTP_MS = 4 * SECOND;
/** Addresses for documentation. Only the route to them is looked up; nothing is sent. */
const SOMEWHERE = { udp4: '192.0.2.1', udp6: '2001:db8::1' } as const;
const CLOCK_URL = 'https://www.iana.org/';

/** `connect`: to the server of this configuration, with the administrator's key; throws when there is none. */
export function processWorld(config: Config, connect: (interrupted: AbortSignal) => ApiClient): DoctorWorld {
  return {
    clock: systemClock,
    dns: makeDnsClient({ servers: [...config.dns.servers], clock: systemClock, attempts: 2, deadlineMs: 6 * SECOND }),
    ownAddresses: () =>
      Object.values(networkInterfaces())
        .flat()
        .flatMap((entry) => (entry === undefined ? [] : [entry.address])),
    sendingAddresses: async () => (await Promise.all([routeFrom('udp4'), routeFrom('udp6')])).flat(),
    addressesOfHost: lookupSystemHost,
    probe,
    readText: (file) => readFile(file, 'utf8'),
    folder: readFolder,
    nodeVersion: process.versions.node,
    version: packageVersion(),
    remoteTime,
    systemdUnit,
    page: (path) => readPage(config, path),
    idleSettings: () => readIdleSettings(connect),
  };
}

function routeFrom(type: 'udp4' | 'udp6'): Promise<string[]> {
  return new Promise((resolve) => {
    const socket = createSocket(type);
    const end = (addresses: string[]) => {
      resolve(addresses);
      socket.close();
    };
    socket.once('error', () => end([]));
    socket.connect(9, SOMEWHERE[type], () => end([socket.address().address]));
  });
}

function probe(ip: string, port: number): Promise<ProbeResult> {
  return new Promise((resolve) => {
    const socket = connectSocket({ host: ip, port });
    let isConnected = false;
    let heard = '';
    const end = (result: ProbeResult) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(result);
    };
    const timer = setTimeout(() => end(isConnected ? { kind: 'silent' } : { kind: 'failed', code: 'ETIMEDOUT' }), PROBE_MS);
    socket.once('connect', () => {
      isConnected = true;
    });
    socket.on('data', (chunk) => {
      heard += chunk.toString('latin1');
      if (!heard.includes('\n') && heard.length < 1000) return;
      socket.end('QUIT\r\n');
      end({ kind: 'greeted', line: cleanText(heard.split('\n')[0] ?? '') });
    });
    socket.once('error', (error: NodeJS.ErrnoException) => end({ kind: 'failed', code: error.code ?? error.message }));
    socket.once('end', () => end(isConnected ? { kind: 'silent' } : { kind: 'failed', code: 'closed' }));
  });
}

async function readFolder(path: string): Promise<FolderFacts | undefined> {
  try {
    const [facts, disk] = await Promise.all([stat(path), statfs(path)]);
    const writable = await access(path, constants.W_OK | constants.X_OK).then(
      () => true,
      () => false,
    );
    return {
      mode: facts.mode & 0o777,
      writable,
      free: disk.bavail * disk.bsize,
      total: disk.blocks * disk.bsize,
      fileSystem: disk.type,
    };
  } catch {
    return undefined;
  }
}

async function remoteTime(): Promise<number | undefined> {
  try {
    const response = await fetch(CLOCK_URL, { method: 'HEAD', redirect: 'manual', signal: AbortSignal.timeout(HTTP_MS) });
    const time = Date.parse(response.headers.get('date') ?? '');
    return Number.isNaN(time) ? undefined : time;
  } catch {
    return undefined;
  }
}

function systemdUnit(): Promise<string | undefined> {
  const properties = 'LoadState,ActiveState,Restart,WatchdogUSec,LimitNOFILESoft';
  return new Promise((resolve) => {
    execFile('systemctl', ['show', 'mailwagon.service', '-p', properties], { timeout: HTTP_MS }, (error, out) =>
      resolve(error ? undefined : out),
    );
  });
}

async function readPage(config: Config, path: string): Promise<{ status: number; text: string } | undefined> {
  try {
    const response = await fetch(localUrl(config) + path, { redirect: 'error', signal: AbortSignal.timeout(HTTP_MS) });
    return { status: response.status, text: await response.text() };
  } catch {
    return undefined;
  }
}

async function readIdleSettings(connect: (interrupted: AbortSignal) => ApiClient): Promise<readonly IdleSettings[] | undefined> {
  try {
    const api = connect(AbortSignal.timeout(HTTP_MS));
    return (await api.get<{ items: IdleSettings[] }>('/mailwagon/v1/idle-settings', { account: 'all' })).items;
  } catch {
    return undefined;
  }
}
