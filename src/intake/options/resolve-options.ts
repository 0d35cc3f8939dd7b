/** What holds for a message: what its sender asked, and where nothing was asked, the settings of its domain. Pure. */
import type { SendOptions } from '#core';
import type { DomainRecord } from '#store';
import type { RequestedOptions } from './requested-options.js';

export function resolveOptions(
  asked: RequestedOptions,
  domain: Pick<DomainRecord, 'requireTls' | 'skipVerification' | 'archiveTo'>,
): SendOptions {
  return {
    dkim: asked.dkim ?? true,
    testMode: asked.testMode ?? false,
    requireTls: asked.requireTls ?? domain.requireTls,
    skipVerification: asked.skipVerification ?? domain.skipVerification,
    secondaryDkim: asked.secondaryDkim,
    secondaryDkimPublic: asked.secondaryDkimPublic,
    trackingClicks: asked.trackingClicks ?? asked.tracking,
    trackingOpens: asked.trackingOpens ?? (asked.tracking === undefined ? undefined : asked.tracking !== 'no'),
    trackingPixelTop: asked.trackingPixelTop,
    sendingIp: asked.sendingIp,
    sendingIpPool: asked.sendingIpPool,
    archiveTo: asked.archiveTo ?? (domain.archiveTo || undefined),
  };
}
