/** Paging by name (`?page=next&p=alpha&limit=10`): four absolute URLs on every page, also on empty ones. Pure. */

import type { Form } from '#http';
import type { NamePage } from '#store';
import type { NamePagingJson } from '../contract/template-answers.js';

/** Mailgun's default and maximum. */
const MAX_LIMIT = 100;

/** Clients write `previous`, and older ones `prev`; any other word is the first page. Refusal 400 for a bad limit. */
export function readNamePage(form: Form): NamePage {
  const limit = form.pageSize({ usual: MAX_LIMIT, max: MAX_LIMIT });
  const page = form.text('page');
  const pivot = form.text('p');
  if (page === 'last') return { limit, last: true };
  if (page === 'next' && pivot !== undefined) return { limit, after: pivot };
  if ((page === 'previous' || page === 'prev') && pivot !== undefined) return { limit, before: pivot };
  return { limit };
}

/** `names` are those on the page, in order; past either end the way back leads to that end of the list. */
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
