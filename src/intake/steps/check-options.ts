/** What a message asks for must be there: a time within reach, an active key, an address and a pool of the account, a URL that may be called. */
import { badRequest, DAY, MINUTE, Refusal, SECOND } from '#core';
import { DEFAULT_DOMAIN_SETTINGS } from '#directory';
import { checkUrl, isWebPort } from '#net';
import type { IntakeStep } from '../draft/step.js';
import { optionName } from '../options/read-option.js';

const FURTHEST = 7 * DAY;
/** The client's clock may be ahead of ours. */
const SLACK = 5 * MINUTE;

/** Seven days ahead or, where its domain has a `message_ttl` of its own, as far as that (manual page "Passing sending options"). */
export const checkSchedule: IntakeStep = (draft) => {
  const { deliverAt } = draft.requested;
  const { messageTtl } = draft.submission.domain;
  const isOwn = messageTtl !== DEFAULT_DOMAIN_SETTINGS.messageTtl;
  if (deliverAt === undefined || deliverAt <= draft.receivedAt + (isOwn ? messageTtl * SECOND : FURTHEST) + SLACK) return draft;
  const name = optionName(draft.submission.method, 'deliverytime');
  const furthest = isOwn ? `${messageTtl} s in advance (the domain's message_ttl)` : '7 days in advance';
  return badRequest(`'${name}' is too far ahead: messages can be scheduled up to ${furthest}`);
};

/** A second DKIM key that is asked for must be one of the account's, and active (manual page "Passing sending options"). */
export const checkSecondaryDkim: IntakeStep = async (draft, { directory }) => {
  const { secondaryDkim, secondaryDkimPublic } = draft.options;
  const nameOf = (option: string) => optionName(draft.submission.method, option);
  if (secondaryDkim === undefined) {
    return secondaryDkimPublic === undefined
      ? draft
      : badRequest(`'${nameOf('secondary-dkim-public')}' needs '${nameOf('secondary-dkim')}'`);
  }
  if (await directory.dkimKeys.isActive(draft.submission.account, secondaryDkim)) return draft;
  return badRequest(`'${nameOf('secondary-dkim')}' names no active domain key: ${secondaryDkim.domain},${secondaryDkim.selector}`);
};

/** The address to leave from must be one of the server's, the pool one of the account's (manual page "Passing sending options"). */
export const checkSources: IntakeStep = async (draft, { directory }) => {
  const { sendingIp, sendingIpPool } = draft.options;
  if (sendingIp === undefined && sendingIpPool === undefined) return draft;
  const { method, account } = draft.submission;
  try {
    await directory.sendingIps.check(account, draft.options);
    return draft;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    // Sources speak of parameters; over SMTP they are headers.
    return badRequest(error.publicText.replace(/^o:([\w-]+)/, (_text, name: string) => `'${optionName(method, name)}'`));
  }
};

/** Copies are sent to web servers of the Internet only: a URL that will never be called is refused now, not after the message has gone. */
export const checkArchiveUrl: IntakeStep = (draft, { limits }) => {
  const { archiveTo } = draft.options;
  if (archiveTo === undefined) return draft;
  const checked = checkUrl(archiveTo, { allowPrivate: limits.privateUrls, allowPort: isWebPort });
  if (checked.kind === 'url') return draft;
  const isOwn = draft.requested.archiveTo !== undefined;
  return badRequest(
    `${isOwn ? `'${optionName(draft.submission.method, 'archive-to')}'` : `archive_to of ${draft.submission.domain.name}`}: ${checked.text}`,
  );
};
