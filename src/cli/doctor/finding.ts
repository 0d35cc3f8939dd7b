/** The types of a check of `doctor`: what it gets, and what it finds. */
import type { Config } from '#config';
import type { DoctorWorld } from './world.js';

/** `skip`: it could not be checked, which is neither good nor bad. */
export type Status = 'ok' | 'warn' | 'fail' | 'skip';

export interface Finding {
  check: string;
  status: Status;
  /** What was found and what it means. */
  text: string;
  /** How to mend it; absent if there is nothing to mend. */
  mend?: string;
}

export interface Patient {
  config: Config;
  world: DoctorWorld;
}

/** Gives one finding or several. It rejects only for a bug, never for what it finds. */
export type Check = (patient: Patient) => Promise<Finding[]> | Finding[];

/** Makes the findings of one check. */
export function findings(check: string) {
  return {
    ok: (text: string): Finding => ({ check, status: 'ok', text }),
    skip: (text: string): Finding => ({ check, status: 'skip', text }),
    warn: (text: string, mend: string): Finding => ({ check, status: 'warn', text, mend }),
    fail: (text: string, mend: string): Finding => ({ check, status: 'fail', text, mend }),
  };
}
