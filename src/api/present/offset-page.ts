/** Paging by `limit` and `skip`: default 100, at most 1000 a page. */
import type { Form } from '#http';

const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 1000;

/** Refusal 400 `The 'limit' parameter can't be larger than 1000`, or that it is no number. */
export function readPage(form: Form): { limit: number; skip: number } {
  return {
    limit: form.pageSize({ usual: DEFAULT_LIMIT, max: MAX_LIMIT }),
    skip: form.integer('skip', { min: 0, max: Number.MAX_SAFE_INTEGER }) ?? 0,
  };
}

/** `page` as a list gave it, a number; anything else is the first page, as on Mailgun. */
export function readPlace(form: Form): number {
  const page = form.text('page') ?? '';
  return /^\d{1,15}$/.test(page) ? Number(page) : 0;
}
