/** `serve`: runs the server in the foreground until SIGTERM or Ctrl-C; SIGHUP reads certificates again. JSON log lines on standard output. */
import type { Command } from 'commander';
import { type Logger, pino } from 'pino';
import { type Config, checkOwnAddresses, checkTlsFiles, checkTransports, type Environment, loadConfig } from '#config';
import { type Cli, localCommand } from '../../cli.js';
import { CommandFailed } from '../../command-errors.js';
import { startFailure } from '../../start-failure.js';
import { initialiseOnce, printSendingExample } from './first-run.js';
import { notifySystemd } from './notify-systemd.js';

/** Log lines are written together, this many bytes at a time: one by one they cost a twentieth of each message's processor time. */
const LOG_BYTES = 12_288;
/** A log line waits no longer than this, ms. */
const LOG_MS = 100;

export function serveCommand(cli: Cli): Command {
  return localCommand(cli, 'serve', 'run the server in the foreground; its log is JSON lines on standard output')
    .option('--init', 'initialise the data folder first if that was never done')
    .action(async (options: { config?: string; init?: boolean }) => {
      const loaded = loadConfig({ file: options.config, env: cli.environment });
      checkTlsFiles(loaded);
      await checkOwnAddresses(loaded);
      checkTransports(loaded);
      const spelledKey = options.init ? await initialiseOnce(cli, loaded.config) : undefined;
      const destination = pino.destination({ dest: 1, sync: false, minLength: LOG_BYTES, periodicFlush: LOG_MS });
      const logger = pino({ base: undefined, timestamp: pino.stdTimeFunctions.isoTime }, destination);
      try {
        await run(loaded.config, logger, cli.environment, async (http) => {
          if (spelledKey !== undefined) await printSendingExample(cli, loaded.config, http, spelledKey);
        });
      } finally {
        destination.flushSync();
      }
    });
}

type Ending = { kind: 'asked'; signal: NodeJS.Signals } | { kind: 'fatal'; error: unknown };

/** Starts the server, waits for a reason to end, and stops it. Throws CommandFailed after a fatal error, which is in the log already. */
async function run(
  config: Config,
  logger: Logger,
  { notifySocket, testing }: Environment,
  onReady: (httpAddresses: readonly string[]) => Promise<void>,
): Promise<void> {
  const { ending, end } = watchForEnding(logger);
  const { startApp } = await import('#app');
  const started = startApp({ config, logger, testing, onFatal: (error: Error) => end({ kind: 'fatal', error }) }).catch(
    (error: unknown) => {
      throw startFailure(error, config.dataDir);
    },
  );
  const app = await Promise.race([started, ending.then(() => undefined)]);
  if (app !== undefined) {
    process.on(
      'SIGHUP',
      reloader(() => app.reload(), logger, notifySocket),
    );
    logger.info({ ...app.addresses, dataDir: config.dataDir, pid: process.pid }, 'ready');
    await Promise.all([notifySystemd('READY=1', notifySocket, logger), onReady(app.addresses.http)]);
  }
  const why = await ending;
  if (why.kind === 'fatal') throw new CommandFailed('The server ended because of a failure; the last line of its log tells of it');
  logger.info({ signal: why.signal }, 'stopping');
  await Promise.all([notifySystemd('STOPPING=1', notifySocket, logger), started.then((running) => running.stop())]);
  logger.info('stopped');
}

/** The first signal or fatal error decides. A SIGHUP that comes before the server is up is ignored; without that it would kill the process. */
function watchForEnding(logger: Logger): { ending: Promise<Ending>; end: (ending: Ending) => void } {
  let resolve: (ending: Ending) => void = () => undefined;
  const ending = new Promise<Ending>((decide) => {
    resolve = decide;
  });
  const end = (reason: Ending) => {
    if (reason.kind === 'fatal') logger.fatal({ err: reason.error }, 'cannot go on');
    resolve(reason);
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => end({ kind: 'asked', signal }));
  process.on('SIGHUP', () => undefined);
  process.on('uncaughtException', (error) => end({ kind: 'fatal', error }));
  process.on('unhandledRejection', (error) => end({ kind: 'fatal', error }));
  return { ending, end };
}

/** One reload at a time; a failed one leaves the server as it was. */
function reloader(reload: () => Promise<void>, logger: Logger, notifySocket: string | undefined): () => void {
  let last = Promise.resolve();
  const once = async () => {
    await notifySystemd('RELOADING=1', notifySocket, logger);
    try {
      await reload();
      logger.info('reloaded');
    } catch (error) {
      logger.error({ err: error }, 'reload failed; the server goes on as before');
    }
    await notifySystemd('READY=1', notifySocket, logger);
  };
  return () => {
    last = last.then(once);
  };
}
