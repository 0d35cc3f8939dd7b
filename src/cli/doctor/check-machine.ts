/** Checks that the machine can keep mail: the data folder and its disk, the clock, Node, and the service that runs the server. */
import { DAY, MINUTE, plainTime, SECOND } from '#core';
import { type Check, type Finding, findings } from './finding.js';

const MIB = 1024 ** 2;
const GIB = 1024 ** 3;

/** Magic numbers of statfs(2) on which SQLite or durability cannot be relied on. */
const UNFIT: Readonly<Record<number, readonly [name: string, status: 'warn' | 'fail', why: string]>> = {
  16914836: ['tmpfs', 'fail', 'is memory: mail that was accepted is gone after a restart of the machine'],
  2240043254: ['ramfs', 'fail', 'is memory: mail that was accepted is gone after a restart of the machine'],
  26985: ['NFS', 'fail', 'is a network file system: its locks and its fsync do not protect a database'],
  4283649346: ['SMB', 'fail', 'is a network file system: its locks and its fsync do not protect a database'],
  4266872130: ['SMB', 'fail', 'is a network file system: its locks and its fsync do not protect a database'],
  16914839: ['9p', 'warn', 'is shared by a host: whether its fsync reaches a disk depends on the host'],
  1702057286: ['FUSE', 'warn', 'is a user-space file system: whether its fsync reaches a disk depends on it'],
  2035054128: ['overlay', 'warn', 'belongs to a container image: mail is gone when the container is made anew'],
};

export const checkData: Check = async ({ config, world }) => {
  const say = findings('data');
  const { dataDir } = config;
  const folder = await world.folder(dataDir);
  if (folder === undefined) return [say.fail(`${dataDir} is not there or cannot be read`, 'run "mailwagon init", or set dataDir')];
  const result: Finding[] = [];
  if (!folder.writable)
    result.push(say.fail(`${dataDir} cannot be written by this user`, `run doctor as the server's user; if that is this one: chown -R it`));
  if ((folder.mode & 0o077) !== 0)
    result.push(
      say.fail(`${dataDir} is open to other users (mode ${folder.mode.toString(8)}); it holds mail and keys`, `chmod 700 ${dataDir}`),
    );
  const unfit = UNFIT[folder.fileSystem >>> 0];
  if (unfit !== undefined)
    result.push(say[unfit[1]](`${dataDir} lies on ${unfit[0]}, which ${unfit[2]}`, 'set dataDir to a folder on a local disk'));
  const free = `${gigabytes(folder.free)} of ${gigabytes(folder.total)} are free`;
  const least = config.limits.diskFloor === 'auto' ? 256 * MIB : config.limits.diskFloor;
  const makeRoom = 'make room on the disk, or move dataDir to a larger one';
  if (folder.free < least) result.push(say.fail(`${free}: too little to accept mail`, makeRoom));
  else if (folder.free < Math.max(folder.total * 0.1, 2 * least) && folder.free < 10 * GIB)
    result.push(say.warn(`${free}: it will soon be too little`, makeRoom));
  return result.length > 0 ? result : [say.ok(`${dataDir} is private and writable; ${free}`)];
};

const gigabytes = (bytes: number) => `${(bytes / GIB).toFixed(1)} GiB`;

/** A clock that shows an earlier time is wrong, because this program did not exist then. */
const EARLIEST = Date.UTC(2026, 0, 1);

export const checkClock: Check = async ({ world }) => {
  const say = findings('clock');
  const mend = 'run a time service: timedatectl set-ntp true, or chrony';
  const now = world.clock.now();
  if (now < EARLIEST) return [say.fail(`the clock says ${plainTime(now)}, which is long past`, mend)];
  const before = world.clock.monotonic();
  const remote = await world.remoteTime();
  const took = world.clock.monotonic() - before;
  if (remote === undefined) return [say.skip('nobody could be asked for the time')];
  // The other side's time is in whole seconds, and is older than its answer by the time that this took.
  const off = Math.max(0, Math.abs(now + took / 2 - remote) - took / 2 - SECOND);
  if (off < 30 * SECOND) return [say.ok('the clock is right')];
  const text = `the clock is off by ${Math.round(off / SECOND)} s; dates in mail, signatures and certificates are judged by it`;
  return [off > 5 * MINUTE ? say.fail(text, mend) : say.warn(text, mend)];
};

export const checkNode: Check = ({ world: { nodeVersion } }) => {
  const say = findings('node');
  const [major = 0, minor = 0] = nodeVersion.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 19)) return [say.fail(`Node ${nodeVersion} is too old`, 'install Node 20.19, 22 or 24')];
  if (major % 2 === 1) return [say.warn(`Node ${nodeVersion} gets no security fixes for long`, 'install an even version: 22 or 24')];
  return [say.ok(`Node ${nodeVersion}`)];
};

export const checkService: Check = async ({ world }) => {
  const say = findings('service');
  const properties = await world.systemdUnit();
  const of = (name: string) => new RegExp(`^${name}=(.*)$`, 'm').exec(properties ?? '')?.[1] ?? '';
  const restart = 'let something start it again when it ends, such as the unit in systemd/ (see docs/install.md)';
  if (properties === undefined)
    return [say.skip('systemd does not run here: see that something else starts the server again when it ends')];
  if (of('LoadState') !== 'loaded')
    return [say.warn('there is no mailwagon.service: nothing starts the server again when it ends', restart)];
  const result: Finding[] = [];
  if (of('Restart') === 'no' || of('Restart') === '')
    result.push(say.warn('mailwagon.service is not restarted when it ends', 'set Restart=on-failure'));
  if (!['', '0', 'infinity'].includes(of('WatchdogUSec'))) {
    result.push(
      say.fail(
        'mailwagon.service has a watchdog, which the server does not answer: systemd will kill it',
        'remove WatchdogSec= from the unit',
      ),
    );
  }
  return result.length > 0 ? result : [say.ok(`mailwagon.service is ${of('ActiveState')} and restarted when it ends`)];
};

/** Each connection is an open file. */
const FEW_FILES = 4096;

/** Checks the running server by what it tells itself. If none runs, checks the limit of open files of this shell instead. */
export const checkServer: Check = async ({ world }) => {
  const say = findings('server');
  const [ready, metrics] = await Promise.all([world.page('/health/ready'), world.page('/metrics')]);
  if (ready === undefined) {
    const limits = await world.readText('/proc/self/limits').catch(() => '');
    const limit = /^Max open files\s+(\d+)/m.exec(limits)?.[1];
    return [
      say.skip('no server runs here, so it could not be asked'),
      ...checkFiles(limit === undefined ? undefined : Number(limit), 'this shell'),
    ];
  }
  const result: Finding[] = [];
  if (ready.status === 200) result.push(say.ok('the server runs and takes mail'));
  else {
    const reasons = reasonsOf(ready.text);
    const mend = reasons.includes('events')
      ? 'events of new mail are not told, because a database file was replaced under the running server: restart it'
      : 'read its log: journalctl -u mailwagon';
    result.push(say.fail(`the server runs but is not ready: ${reasons}`, mend));
  }
  if (metrics?.status !== 200) return result;
  const value = (series: string) => numberOf(metrics.text, series);
  result.push(...checkFiles(value('process_max_fds'), 'the server'));
  const running = /^mailwagon_build_info\{version="([^"]*)"/m.exec(metrics.text)?.[1];
  if (running !== undefined && running !== world.version)
    result.push(say.warn(`the server runs version ${running}, but ${world.version} is installed`, 'restart the server'));
  const lag = value('mailwagon_event_loop_lag_seconds{quantile="0.99"}') ?? 0;
  if (lag > 0.2)
    result.push(say.warn(`the server reacts late (${Math.round(lag * 1000)} ms)`, 'give it more processor time, or less work'));
  const commits = value('mailwagon_store_fsync_seconds_count{database="spool"}') ?? 0;
  const mean = commits === 0 ? 0 : ((value('mailwagon_store_fsync_seconds_sum{database="spool"}') ?? 0) / commits) * 1000;
  if (mean > 50) result.push(say.warn(`the disk takes ${Math.round(mean)} ms to make mail durable`, 'put dataDir on a faster disk'));
  const oldest = value('mailwagon_queue_overdue_seconds') ?? 0;
  if (oldest * SECOND > DAY / 24)
    result.push(say.warn(`mail has been due for ${Math.round(oldest / 60)} minutes`, 'see "mailwagon queue list"'));
  return result;
};

function checkFiles(limit: number | undefined, whose: string): Finding[] {
  const say = findings('open files');
  if (limit === undefined) return [];
  if (limit >= FEW_FILES) return [say.ok(`${whose} may open ${limit} files`)];
  const text = `${whose} may open ${limit} files only, and each connection is one`;
  const mend = 'set LimitNOFILE=65536 in the unit, or ulimit -n';
  return [limit < 1024 ? say.fail(text, mend) : say.warn(text, mend)];
}

function numberOf(text: string, series: string): number | undefined {
  const line = text.split('\n').find((one) => one.startsWith(`${series} `));
  const number = line === undefined ? Number.NaN : Number(line.slice(series.length + 1).replace('+Inf', 'Infinity'));
  return Number.isNaN(number) ? undefined : number;
}

function reasonsOf(text: string): string {
  const reasons = /"reasons":\[([^\]]*)\]/.exec(text)?.[1];
  return reasons?.replaceAll('"', '').replaceAll(',', ', ') ?? 'it does not say why';
}
