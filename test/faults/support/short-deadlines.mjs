// @ts-check
/**
 * Loaded into the server process with `--import`: its deadlines for peers are seconds instead of minutes, so that every way of waiting for a peer
 * ends within a test. There is no setting for this on purpose.
 */
import { DEFAULT_TIMEOUTS } from '#smtp-client';

Object.assign(DEFAULT_TIMEOUTS, { connect: 4000, setup: 8000, envelope: 8000, data: 8000, dot: 8000, attempt: 20_000, idle: 2000 });
