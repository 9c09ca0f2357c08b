import { VigiaError } from '../runtime/errors.ts';
import type { Page, PageQuery } from './store.ts';

const MAX_LIMIT = 1000;

/** Where a page ended: the value of the column that the list is sorted by, and the id that breaks ties. */
export interface Position {
  readonly sort: number | string;
  readonly id: string;
}

export const pageLimit = (query: PageQuery): number => Math.min(MAX_LIMIT, Math.max(1, Math.trunc(query.limit)));

const encode = (list: string, { sort, id }: Position): string =>
  Buffer.from(JSON.stringify([list, sort, id])).toString('base64url');

/** The position that a cursor of this list stands for; null without a cursor. Throws `CURSOR_INVALID`. */
export function cursorPosition(list: string, query: PageQuery, sortType: 'number' | 'string'): Position | null {
  if (query.cursor === null) return null;
  try {
    const parsed: unknown = JSON.parse(Buffer.from(query.cursor, 'base64url').toString());
    const [name, sort, id] = parsed as [unknown, unknown, unknown];
    const sortIsRight = typeof sort === sortType && (sortType === 'string' || Number.isSafeInteger(sort));
    if (name === list && sortIsRight && typeof id === 'string') return { sort: sort as number | string, id };
  } catch {
    // Not one of ours; said below.
  }
  throw new VigiaError('CURSOR_INVALID');
}

/** Makes a page of rows that were read with a limit one higher than asked. */
export function toPage<T>(list: string, query: PageQuery, rows: readonly T[], at: (row: T) => Position): Page<T> {
  const limit = pageLimit(query);
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  return { items, next: rows.length > limit && last !== undefined ? encode(list, at(last)) : null };
}
