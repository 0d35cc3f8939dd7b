/** Every check of `doctor`, in the order of its report. They run side by side: none waits for another's timeout. */
import { checkCertificate } from './check-certificate.js';
import { checkClock, checkData, checkNode, checkServer, checkService } from './check-machine.js';
import { checkHostname, checkReverse } from './check-names.js';
import { checkPort25, checkResolver } from './check-network.js';
import { checkSettings } from './check-settings.js';
import type { Check, Finding, Patient } from './finding.js';

export const CHECKS: readonly Check[] = [
  checkResolver,
  checkHostname,
  checkReverse,
  checkPort25,
  checkCertificate,
  checkData,
  checkClock,
  checkNode,
  checkService,
  checkServer,
  checkSettings,
];

export async function examine(patient: Patient): Promise<Finding[]> {
  return (await Promise.all(CHECKS.map((check) => check(patient)))).flat();
}
