/** The parts of the server in one list: started one after the other, stopped in the reverse order, whatever happens on the way. */
import type { Logger } from 'pino';

export interface Part<T> {
  /** For the log. */
  name: string;
  /** Gives what later parts need of it. When it rejects it has left nothing running, and is not stopped. */
  start(): Promise<T> | T;
  /** Called once. What is in flight may finish within `graceMs`. */
  stop(graceMs: number, made: T): unknown;
  /** Carries mail. Neighbours in the list that do are stopped at the same time, so that they have one grace together and not one after the other. */
  carriesMail?: boolean;
}

/** Starts a part and adds it to the list. Rejects with what its `start` rejects with. */
export type StartPart = <T>(part: Part<T>) => Promise<T>;

export interface PartsDeps {
  logger: Pick<Logger, 'error'>;
  /** What is in flight when the order to stop comes gets this long, ms. */
  graceMs: number;
}

export interface Running<T> {
  made: T;
  /**
   * Stops every part. A part that fails to is logged, the rest still stop, and then it rejects with the first such error. A second call waits for the
   * same end.
   */
  stop(): Promise<void>;
}

/** Starts the parts that `build` asks for. When that rejects, the parts that were started are stopped, and then this rejects with the same error. */
export async function runParts<T>({ logger, graceMs }: PartsDeps, build: (start: StartPart) => Promise<T>): Promise<Running<T>> {
  const started: { name: string; carriesMail: boolean; stop: () => unknown }[] = [];
  let stopping: Promise<void> | undefined;
  const failures: unknown[] = [];

  const start: StartPart = async (part) => {
    const made = await part.start();
    started.push({ name: part.name, carriesMail: part.carriesMail === true, stop: () => part.stop(graceMs, made) });
    return made;
  };

  async function stopAll(): Promise<void> {
    for (let last = started.pop(); last !== undefined; last = started.pop()) {
      const together = [last];
      while (last.carriesMail && started.at(-1)?.carriesMail === true) together.push(...started.splice(-1));
      await Promise.all(
        together.map(async ({ name, stop }) => {
          try {
            await stop();
          } catch (err) {
            failures.push(err);
            logger.error({ err, part: name }, 'a part could not be stopped in good order');
          }
        }),
      );
    }
    if (failures.length > 0) throw failures[0];
  }

  const stop = () => {
    stopping ??= stopAll();
    return stopping;
  };
  try {
    return { made: await build(start), stop };
  } catch (error) {
    // What could not be stopped is in the log; why it was started in vain comes first.
    await stop().catch(() => undefined);
    throw error;
  }
}
