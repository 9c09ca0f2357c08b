import { type RawBuilder, sql } from 'kysely';
import { type Database, rowsOf } from './database.ts';
import { storable } from './values.ts';

/** More than this is forgotten and asked for again: keys come from senders, and memory must stay bounded. */
const MAX_KNOWN = 200_000;

interface Numbered {
  readonly number: number;
  readonly key: string;
}

/**
 * Short numbers for long keys (series, entities, layouts): measurements carry 4 bytes instead of a name. `find` asks
 * for the numbers of keys; `insert` stores those that are missing, and may lose a race.
 */
export interface Numbers<T> {
  /** The number of each item, by key; inserts what is new. */
  of(items: ReadonlyMap<string, T>): Promise<ReadonlyMap<string, number>>;
  /** The number of a key that may be unknown. */
  known(key: string): Promise<number | null>;
}

export function createNumbers<T>(
  database: Database,
  {
    find,
    insert,
  }: {
    readonly find: (keys: readonly string[]) => RawBuilder<Numbered>;
    readonly insert: (items: readonly T[]) => RawBuilder<unknown>;
  },
): Numbers<T> {
  const numbers = new Map<string, number>();

  const lookUp = async (keys: readonly string[]): Promise<void> => {
    if (numbers.size > MAX_KNOWN) numbers.clear();
    for (const { number, key } of await rowsOf(database.sql, find(keys))) numbers.set(key, number);
  };

  return {
    of: async (items) => {
      const unknown = (): string[] => [...items.keys()].filter((key) => !numbers.has(storable(key)));
      if (unknown().length > 0) await lookUp(unknown());
      const missing = unknown();
      if (missing.length > 0) {
        await insert(missing.map((key) => items.get(key)!)).execute(database.sql);
        await lookUp(missing);
      }
      return new Map([...items.keys()].map((key) => [key, numbers.get(storable(key))!]));
    },
    known: async (key) => {
      if (!numbers.has(key)) await lookUp([key]);
      return numbers.get(key) ?? null;
    },
  };
}

/** Values of an insert, one row an item. */
export const rows = <T>(items: readonly T[], row: (item: T) => readonly unknown[]): RawBuilder<unknown> =>
  sql.join(items.map((item) => sql`(${sql.join(row(item))})`));
