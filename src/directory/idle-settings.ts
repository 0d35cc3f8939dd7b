/** Which settings of a domain are kept and shown although this version does nothing with them yet (`core/idle.ts`). Pure. */
import { IDLE_SETTINGS, type Idle } from '#core';
import type { DomainRecord } from '#store';

export const idleSettings = (domain: DomainRecord): Idle[] =>
  IDLE_SETTINGS.filter(({ asks }) => asks(domain)).map(({ name, why }) => ({ name, why }));
