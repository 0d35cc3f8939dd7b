/**
 * The bytes of a message for one recipient: stored form, merged form of a batch, the form that fits the peer, its DKIM signature; and stored
 * messages read again for their owner.
 *
 * - What cannot be made for a recipient, ever, is Refusal 400 (SMTP 554). When a signed or encrypted part would have to be encoded anew, that is SealedContent.
 * - A message that is not the caller's is answered like one that does not exist (Refusal 404). Storage errors are StoreError.
 * - Large bodies are streamed, and `open` gives the same bytes each time.
 */
export { makeFitMessage } from './fit-message.js';
export { type MergeDeps, makeMergeMessage } from './merge-message.js';
export { type MessageForm, storedForm } from './message-form.js';
export { makeSignMessage, type Signature, type SignDeps } from './sign-message.js';
export { type KeptMessage, makeStoredMessages, type StoredMessages } from './stored-messages.js';
