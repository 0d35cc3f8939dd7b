/** JSON of the Events group; the shapes of events themselves are those of `src/events/record/event-types.ts`, with `storage.url` added. */
export interface EventPageAnswer {
  items: Record<string, unknown>[];
  /** Absolute URLs. */
  paging: { next: string; previous: string; first: string; last: string };
}
