/** What directory.db holds: a line for each noun. */
import type { Nouns } from '../database/nouns.js';
import { accountRows } from './account-rows.js';
import { apiKeyRows } from './api-key-rows.js';
import { credentialRows } from './credential-rows.js';
import { dkimKeyRows } from './dkim-key-rows.js';
import { domainRows } from './domain-rows.js';
import type { DirectoryMemory } from './memory.js';
import { poolRows } from './pool-rows.js';
import { stsPolicyRows } from './sts-policy-rows.js';
import { templateRows } from './template-rows.js';

export const DIRECTORY_NOUNS = {
  accountRows,
  domainRows,
  dkimKeyRows,
  credentialRows,
  apiKeyRows,
  poolRows,
  templateRows,
  stsPolicyRows,
} satisfies Nouns<DirectoryMemory>;
