/**
 * Notices messages that keep their session waiting while others get through, and makes room beside them. Such a session no longer counts in the path's
 * window, so that another message takes its place. The number of sessions beside the window is bounded, for a path and for the server. Sessions that
 * stand still beyond that bound are given up, the longest first. Where everything stands still, a few more messages are let in to find out whether it is
 * the messages or the path.
 */
import type { Logger } from 'pino';
import { type Clock, type Delivery, MINUTE, SECOND, type Stage } from '#core';
import { type AttemptListener, type GiveUp, REPORT_EVERY } from '../attempt/boundary.js';
import type { Path, PathLimits, Paths } from '../paths/paths.js';

export interface Stalls {
  /** The delivery is attempted on a lane of the path; gives what ends that. */
  begin(path: Path, delivery: Delivery): () => void;
  /** Looks for sessions that stand still. */
  onProgress: AttemptListener['onProgress'];
  /** A message got its answer on the path. */
  passed(path: Path): void;
  /** What the attempt of a delivery waits for, for people; undefined when it goes on. */
  explain(delivery: Delivery): string | undefined;
  stats(): { stalled: number; givenUp: number };
  stop(): void;
}

export interface StallsDeps {
  paths: Pick<Paths, 'stall' | 'stalled'>;
  limits: PathLimits;
  /** The most connections that the site is given, stalled ones included. Undefined: only the window bounds them. */
  mostConnections: (path: Path) => number | undefined;
  /** The path's site and this server have room for another connection. */
  mayOpen: (path: Path) => boolean;
  /** Mail for the path is due and has no lane. */
  isWanted: (path: Path) => boolean;
  /** The message has kept its session waiting for long. */
  onStill: (path: Path, delivery: Delivery) => void;
  /** The message stands beside the window from now on. */
  onBeside: (path: Path, delivery: Delivery) => void;
  /** The path has room for another lane. */
  onRoom: (path: Path) => void;
  /** Ends the wait of an attempt for its peer. */
  giveUp: (order: GiveUp) => void;
  clock: Clock;
  logger: Logger;
}

/** A wait that is shorter is no stall, however quick the others are, ms. */
const LEAST_WAIT = 300;
/** A message stands still when so many others have overtaken it, for each lane that moves. */
const OVERTAKEN = 10;
/** A message that waits for so long may itself be the reason, ms. */
const LONG_WAIT = 5 * SECOND;
/** Where nothing gets through, another window full is let in when all lanes have waited for so long, ms. In all, the widest window is let in once. */
const ALL_WAIT = 3 * SECOND;
/** A message that stands still beyond the bounds is given up after this time, ms. */
const PATIENCE = 10 * SECOND;
/**
 * Time after which a message that is tried again is given up, ms. Also the time where nothing gets through and no more can be let in. In both cases a
 * message that the peer may already have is not given up.
 */
const PATIENCE_WITH_FEW = MINUTE;
/** One lane in so many may stand beside the window of one path; one in so many beside the windows of all paths. */
const SHARE_OF_ONE = 4;
const SHARE_OF_ALL = 2;

const WAITING_FOR: Partial<Record<Stage, string>> = {
  mail: 'MAIL',
  rcpt: 'RCPT',
  data: 'DATA, or does not take the message',
  dot: 'the end of the message',
};

interface Lane {
  readonly path: Path;
  readonly delivery: Delivery;
  /** As reported last. */
  stage: Stage | undefined;
  reported: string;
  /** How far a message has come that waits for an answer; undefined when it waits for none. */
  progress: string | undefined;
  /** Since when it has come no further (monotonic, ms), and how many messages of the path had got through by then. */
  since: number;
  passedThen: number;
  isStill: boolean;
  isSuspected: boolean;
  /** Beside the window. */
  isBeside: boolean;
  isGivenUp: boolean;
}

interface Site {
  passed: number;
  readonly lanes: Set<Lane>;
}

export function makeStalls(deps: StallsDeps): Stalls {
  const { paths, limits, clock, logger } = deps;
  const sites = new Map<Path, Site>();
  const lanes = new Map<number, Lane>();
  const mostBeside = Math.floor(limits.total / SHARE_OF_ONE);
  const mostBesideAll = Math.floor(limits.total / SHARE_OF_ALL);
  let givenUp = 0;
  let lastLook = 0;
  let isStopped = false;

  function look(): void {
    const now = clock.monotonic();
    const late = now - lastLook - REPORT_EVERY;
    lastLook = now;
    for (const [path, site] of sites) {
      // This process stood still: what the peer sent meanwhile is read first.
      if (late > SECOND) for (const lane of site.lanes) lane.since += late;
      lookAt(path, site, now);
    }
  }

  function lookAt(path: Path, site: Site, now: number): void {
    for (const lane of site.lanes) update(lane, site, now);
    const waiting = [...site.lanes].filter(isWaiting).sort((one, other) => one.since - other.since);
    const moving = site.lanes.size - waiting.filter(({ isStill }) => isStill).length;
    const isAll = waiting.length === site.lanes.size;
    for (const lane of waiting) {
      const waited = now - lane.since;
      lane.isStill ||= waited >= LEAST_WAIT && site.passed - lane.passedThen >= OVERTAKEN * Math.max(1, moving);
      if (waited >= LONG_WAIT && (lane.isStill || (isAll && site.passed === lane.passedThen))) suspect(lane);
    }
    const before = path.stalled;
    for (const lane of waiting) if (lane.isStill) moveBeside(lane);
    giveUpBeyond(path, waiting, now);
    if (isAll) letIn(path, waiting, now);
    if (path.stalled > before) deps.onRoom(path);
  }

  function update(lane: Lane, { passed }: Site, now: number): void {
    const { stage, reported } = lane;
    const progress = stage !== undefined && WAITING_FOR[stage] !== undefined ? reported : undefined;
    if (progress !== undefined && progress === lane.progress) return;
    Object.assign(lane, { progress, since: now, passedThen: passed, isStill: false, isSuspected: false });
    stepBack(lane);
  }

  const isWaiting = (lane: Lane) => lane.progress !== undefined && !lane.isGivenUp;

  function suspect(lane: Lane): void {
    if (lane.isSuspected) return;
    lane.isSuspected = true;
    const { path, delivery, stage } = lane;
    logger.info({ source: path.source, site: path.site, delivery: delivery.id, stage }, 'a message stands still');
    deps.onStill(path, delivery);
  }

  function moveBeside(lane: Lane): void {
    if (lane.isBeside || !hasRoomBeside(lane.path)) return;
    lane.isBeside = true;
    paths.stall(lane.path, 1);
    deps.onBeside(lane.path, lane.delivery);
  }

  const hasRoomBeside = (path: Path) => path.stalled < mostBeside && paths.stalled() < mostBesideAll;

  function stepBack(lane: Lane): void {
    if (!lane.isBeside) return;
    lane.isBeside = false;
    paths.stall(lane.path, -1);
  }

  /** Gives up those beyond the bound: half of the connections may stand still, and those beside the window. */
  function giveUpBeyond(path: Path, waiting: readonly Lane[], now: number): void {
    const still = waiting.filter(({ isStill }) => isStill);
    const connections = deps.mostConnections(path) ?? Number.POSITIVE_INFINITY;
    const most = Math.min(path.stalled + Math.floor(path.window / 2), Math.floor(connections / 2));
    const endable = still.filter((lane) => lane.passedThen !== passedAt(path) && now - lane.since >= patienceWith(lane));
    for (const lane of endable.slice(0, Math.max(0, still.length - most))) giveUp(lane, now, 'while other mail got through');
  }

  /** A message that is tried again has longer. When the peer may already have it, it has all its time, so that it does not arrive twice each time. */
  function patienceWith({ delivery, stage }: Lane): number {
    if (delivery.last?.unanswered !== true) return PATIENCE;
    return stage === 'dot' ? Number.POSITIVE_INFINITY : PATIENCE_WITH_FEW;
  }

  const passedAt = (path: Path) => sites.get(path)?.passed;

  /** Called when no lane of the path moves. */
  function letIn(path: Path, waiting: readonly Lane[], now: number): void {
    const [longest] = waiting;
    const last = waiting.at(-1);
    if (longest === undefined || last === undefined || now - last.since < ALL_WAIT || !deps.isWanted(path)) return;
    // Lanes that were let in before are not used yet.
    const hasRoom = path.lanes < Math.min(path.window + path.stalled, deps.mostConnections(path) ?? Number.POSITIVE_INFINITY);
    if (hasRoom) return;
    const before = path.stalled;
    const blind = waiting.filter(({ isBeside, passedThen }) => isBeside && passedThen === passedAt(path)).length;
    if (deps.mayOpen(path)) {
      for (const lane of waiting.filter(({ isBeside }) => !isBeside).slice(0, Math.max(0, limits.perPath - blind))) {
        lane.isStill = true;
        moveBeside(lane);
      }
    }
    if (path.stalled > before) return;
    const endable = waiting.find(({ since, stage }) => now - since >= PATIENCE_WITH_FEW && stage !== 'dot');
    if (endable !== undefined) giveUp(endable, now, 'with other mail waiting');
  }

  function giveUp(lane: Lane, now: number, why: string): void {
    lane.isGivenUp = true;
    givenUp += 1;
    const text = `timed out after ${Math.round((now - lane.since) / SECOND)} seconds ${why}`;
    deps.giveUp({ delivery: lane.delivery.id, progress: lane.reported, text });
  }

  return {
    begin(path, delivery) {
      const site = sites.get(path) ?? { passed: 0, lanes: new Set() };
      sites.set(path, site);
      const since = clock.monotonic();
      const lane: Lane = {
        path,
        delivery,
        stage: undefined,
        reported: '',
        progress: undefined,
        since,
        passedThen: site.passed,
        isStill: false,
        isSuspected: false,
        isBeside: false,
        isGivenUp: false,
      };
      if (lanes.size === 0) lastLook = since;
      lanes.set(delivery.id, lane);
      site.lanes.add(lane);
      return () => {
        stepBack(lane);
        lanes.delete(delivery.id);
        site.lanes.delete(lane);
        if (site.lanes.size === 0) sites.delete(path);
      };
    },
    onProgress(changes) {
      for (const { delivery, stage, progress } of changes) {
        const lane = lanes.get(delivery);
        if (lane !== undefined) Object.assign(lane, { stage, reported: progress });
      }
      if (!isStopped) look();
    },
    passed(path) {
      const site = sites.get(path);
      if (site !== undefined) site.passed += 1;
    },
    explain({ id }) {
      const lane = lanes.get(id);
      return lane?.isStill === true ? tell(lane) : undefined;
    },
    stats: () => ({ stalled: paths.stalled(), givenUp }),
    stop() {
      isStopped = true;
    },
  };

  function tell(lane: Lane): string {
    const what = WAITING_FOR[lane.stage ?? 'mail'] ?? 'what it was sent';
    const seconds = Math.round((clock.monotonic() - lane.since) / SECOND);
    const beside = lane.isBeside ? '; other mail goes on beside it' : '';
    return `It is being attempted now: ${lane.path.site} has not answered ${what} for ${seconds} seconds${beside}`;
  }
}
