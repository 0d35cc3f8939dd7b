/** What a send asks for, read and checked. Intake needs besides only who sends it. */
import type { Submission } from '#intake';

export type RequestedMessage = Pick<
  Submission,
  | 'sender'
  | 'recipients'
  | 'options'
  | 'tags'
  | 'userVariables'
  | 'recipientVariables'
  | 'template'
  | 'attachments'
  | 'addedFields'
  | 'content'
>;
