/** How lists are paged: by `limit` and `skip`, by a start that the page before gave, or by the name of an item. Pure. */
import type { Form } from '#http';
import type { NamePage } from '#store';
import type { NamePagingJson } from '../contract/template-answers.js';

/** Mailgun's, for lists with `skip`. */
const SKIP_PAGES = { usual: 100, max: 1000 };
/** Mailgun's, for lists by name. */
const MAX_NAMES = 100;

/** Refusal 400 `The 'limit' parameter can't be larger than 1000`, or that it is no number. */
export function readPage(form: Form): { limit: number; skip: number } {
  return {
    limit: form.pageSize(SKIP_PAGES),
    skip: form.integer('skip', { min: 0, max: Number.MAX_SAFE_INTEGER }) ?? 0,
  };
}

/** The `page` parameter where it is the number with which the page before was told to go on. Any other text is the first page, as on Mailgun. */
export function readPageStart(form: Form): number {
  const page = form.text('page') ?? '';
  return /^\d{1,15}$/.test(page) ? Number(page) : 0;
}

/** `?page=next&p=alpha&limit=10`. Clients write `previous`, older ones `prev`; any other word is the first page. Refusal 400 for a bad limit. */
export function readNamePage(form: Form): NamePage {
  const limit = form.pageSize({ usual: MAX_NAMES, max: MAX_NAMES });
  const page = form.text('page');
  const pivot = form.text('p');
  if (page === 'last') return { limit, last: true };
  if (page === 'next' && pivot !== undefined) return { limit, after: pivot };
  if ((page === 'previous' || page === 'prev') && pivot !== undefined) return { limit, before: pivot };
  return { limit };
}

/**
 * Four absolute URLs, on every page and also on an empty one. `names` are those on the page, in order. On an empty page past either end, the way back
 * leads to that end of the list.
 */
export function presentNamePaging(listUrl: string, page: NamePage, names: string[]): NamePagingJson {
  const url = (query: Record<string, string | undefined>) => {
    const given = Object.entries({ ...query, limit: String(page.limit) }).filter((pair): pair is [string, string] => pair[1] !== undefined);
    return `${listUrl}?${new URLSearchParams(given)}`;
  };
  const [first, last] = [names[0], names.at(-1)];
  const isPastStart = first === undefined && page.before !== undefined;
  const isPastEnd = last === undefined && page.after !== undefined;
  return {
    first: url({}),
    last: url({ page: 'last' }),
    next: isPastStart ? url({}) : url({ page: 'next', p: last ?? page.after }),
    previous: isPastEnd ? url({ page: 'last' }) : url({ page: 'previous', p: first ?? page.before }),
  };
}
