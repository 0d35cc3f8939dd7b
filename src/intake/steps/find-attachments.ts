/** Finds what events say of the attachments, for messages that came without a list of them. */
import { listAttachments } from '#mail';
import type { IntakeStep } from '../draft/step.js';

export const findAttachments: IntakeStep = async (draft, { spool }) => {
  if (draft.submission.attachments !== undefined) return draft;
  return { ...draft, attachments: await listAttachments(draft.head, spool.openBody(draft.body)) };
};
