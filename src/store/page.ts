/** A part of a list, with how long the whole list is. */
export interface Page<T> {
  items: T[];
  total: number;
}
