import { sql } from 'kysely';
import { type Database, rowsOf } from './database.ts';
import type { Checkpoint, CheckpointStore } from './store.ts';
import { jsonText, textArray } from './values.ts';

/** States may be large: few at a time keep memory small in both directions. */
const PER_STATEMENT = 50;
const KEYS_PER_STATEMENT = 5000;

/** The last one of each stage and key: one statement cannot write the same row twice. */
const lastOfEach = (checkpoints: readonly Checkpoint[]): readonly Checkpoint[] => [
  ...new Map(checkpoints.map((checkpoint) => [`${checkpoint.stage}\0${checkpoint.key}`, checkpoint])).values(),
];

export function createCheckpointStore(database: Database): CheckpointStore {
  const some = (stage: string, keys: readonly string[]): Promise<readonly Checkpoint[]> =>
    rowsOf(
      database.sql,
      sql<Checkpoint>`select stage, key, position, state from checkpoints
        where stage = ${stage} and key = any(${textArray(keys)}) order by key`,
    );

  async function* loadAll(stage: string, wanted: (key: string) => boolean = () => true): AsyncGenerator<Checkpoint> {
    let after: string | null = null;
    do {
      const page: readonly { readonly key: string }[] = await rowsOf(
        database.sql,
        sql<{ key: string }>`select key from checkpoints
          where stage = ${stage} ${after === null ? sql`` : sql`and key > ${after}`}
          order by key limit ${KEYS_PER_STATEMENT}`,
      );
      const keys = page.map(({ key }) => key).filter(wanted);
      for (let at = 0; at < keys.length; at += PER_STATEMENT)
        yield* await some(stage, keys.slice(at, at + PER_STATEMENT));
      after = page.length < KEYS_PER_STATEMENT ? null : (page.at(-1)?.key ?? null);
    } while (after !== null);
  }

  return {
    loadAll,
    save: async (checkpoints) => {
      const rows = lastOfEach(checkpoints);
      if (rows.length === 0) return;
      await database.transaction(async (tx) => {
        for (let at = 0; at < rows.length; at += PER_STATEMENT) {
          const values = rows
            .slice(at, at + PER_STATEMENT)
            .map(({ stage, key, position, state }) => sql`(${stage}, ${key}, ${position}, ${jsonText(state)}::json)`);
          await sql`insert into checkpoints (stage, key, position, state) values ${sql.join(values)}
            on conflict (stage, key) do update set position = excluded.position, state = excluded.state
              where checkpoints.position <= excluded.position`.execute(tx);
        }
      });
    },
    load: async (stage, key) => {
      const [checkpoint] = await rowsOf(
        database.sql,
        sql<Checkpoint>`select stage, key, position, state from checkpoints where stage = ${stage} and key = ${key}`,
      );
      return checkpoint ?? null;
    },
  };
}
