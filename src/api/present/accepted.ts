/** What a client is told of a message that is queued, which means durable (clients.md 1.1). */
import type { Accepted } from '#intake';

export const presentAccepted = ({ messageId, warnings }: Accepted) => ({
  id: `<${messageId}>`,
  message: 'Queued. Thank you.',
  ...(warnings === undefined ? {} : { warnings }),
});
