/** The plan of a batch as it is stored: with its placeholders, or with the stored template that makes its texts and fields. */
import type { Merge } from '#core';
import type { HeadField } from '../head/head-fields.js';
import { type MergePlan, planMerge } from './merge-plan.js';
import { templateFields } from './template-fields.js';
import { templateSource } from './template-source.js';

/** Rejects as `planMerge` does, and with TemplateError for a template that cannot be read. */
export async function planBatch(
  head: readonly HeadField[],
  body: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  { templateVariables, textFromHtml = false, templateHeaders = [] }: Merge = {},
): Promise<MergePlan> {
  if (templateVariables === undefined) return planMerge(head, body);
  const fields = templateFields(templateHeaders, templateVariables);
  return planMerge(head, body, { text: templateSource(templateVariables, textFromHtml), fields });
}
