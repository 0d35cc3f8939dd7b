/** A pool as Mailgun's clients read it. */
import type { PoolRecord } from '#store';
import type { PoolJson } from '../contract/ip-answers.js';

export const presentPool = ({ publicId, name, description, addresses, isLinked }: PoolRecord): PoolJson => ({
  pool_id: publicId,
  name,
  description,
  ips: addresses,
  is_linked: isLinked,
  is_inherited: false,
});
