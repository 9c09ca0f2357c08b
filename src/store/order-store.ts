import { sql } from 'kysely';
import type { Json } from '../model/detector.ts';
import { countOf, type Database, rowsOf } from './database.ts';
import type { Order, OrderStore } from './store.ts';
import { jsonb, storable } from './values.ts';

const NOW = sql`clock_timestamp()`;
/** Answers are read within seconds; what is older is of no use to anybody. */
const FORGET = sql`interval '10 minutes'`;

export const createOrderStore = (database: Database): OrderStore => ({
  place: async ({ id, stage, verb, body }) => {
    await sql`delete from orders where placed_at < ${NOW} - ${FORGET}`.execute(database.sql);
    await sql`insert into orders (id, stage, verb, body, placed_at)
      values (${storable(id)}, ${stage}, ${verb}, ${jsonb(body)}, ${NOW})`.execute(database.sql);
  },
  take: ({ stage, by, withinMs, limit }) =>
    rowsOf(
      database.sql,
      sql<Order>`update orders set taken_by = ${storable(by)} where id in (
          select id from orders where stage = ${stage} and taken_by is null
            and placed_at > ${NOW} - ${withinMs}::float8 * interval '1 ms'
          order by placed_at limit ${limit} for update skip locked)
        returning id, stage, verb, body`,
    ),
  answer: async (id, answer) => {
    await sql`update orders set answer = ${jsonb(answer)} where id = ${storable(id)}`.execute(database.sql);
  },
  answerTo: async (id) => {
    const [row] = await rowsOf(
      database.sql,
      sql<{ answer: Json | null }>`select answer from orders where id = ${storable(id)}`,
    );
    return row?.answer ?? null;
  },
  withdraw: async (id) =>
    (await countOf(database.sql, sql`delete from orders where id = ${storable(id)} and taken_by is null`)) > 0,
});
