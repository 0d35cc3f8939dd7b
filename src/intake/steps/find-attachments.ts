/** Finds what events say of the attachments, for messages whose door did not know them. */
import { listAttachments } from '#mail';
import type { Step } from '../draft/step.js';

export const findAttachments: Step = async (draft, { spool }) => {
  if (draft.submission.attachments !== undefined) return draft;
  return { ...draft, attachments: await listAttachments(draft.head, spool.openBody(draft.body)) };
};
