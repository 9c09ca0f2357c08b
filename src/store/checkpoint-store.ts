import { sql } from 'kysely';
import { type Database, rowsOf } from './database.ts';
import type { Checkpoint, CheckpointStore } from './store.ts';
import { jsonText } from './values.ts';

/** States may be large: few at a time keep memory small in both directions. */
const PER_STATEMENT = 50;

/** The last one of each stage and key: one statement cannot write the same row twice. */
const lastOfEach = (checkpoints: readonly Checkpoint[]): readonly Checkpoint[] => [
  ...new Map(checkpoints.map((checkpoint) => [`${checkpoint.stage}\0${checkpoint.key}`, checkpoint])).values(),
];

export function createCheckpointStore(database: Database): CheckpointStore {
  async function* loadAll(stage: string): AsyncGenerator<Checkpoint> {
    let after: string | null = null;
    do {
      const page: readonly Checkpoint[] = await rowsOf(
        database.sql,
        sql<Checkpoint>`select stage, key, position, state from checkpoints
          where stage = ${stage} ${after === null ? sql`` : sql`and key > ${after}`}
          order by key limit ${PER_STATEMENT}`,
      );
      yield* page;
      after = page.length < PER_STATEMENT ? null : (page.at(-1)?.key ?? null);
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
            on conflict (stage, key) do update set position = excluded.position, state = excluded.state`.execute(tx);
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
