/** Copies are sent to web servers of the Internet only: a URL that will never be called is refused now, not after the message has gone. */
import { badRequest } from '#core';
import { checkUrl, isWebPort } from '#net';
import type { IntakeStep } from '../draft/step.js';
import { optionName } from '../options/read-option.js';

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
