import { sql } from 'kysely';
import type { Model } from '../model/failure.ts';
import { type Database, rowsOf } from './database.ts';
import type { RecordTable } from './record-table.ts';
import * as record from './record-table.ts';
import type { ModelStore } from './store.ts';

const { json, plain, time } = record;

/** The column `artefact` is not among these: it may be large, and lists do not need it. */
const MODELS: RecordTable<Model> = {
  name: 'models',
  sort: 'createdAt',
  columns: {
    id: plain('id'),
    kind: plain('kind'),
    version: plain('version'),
    scope: plain('scope'),
    state: plain('state'),
    trainedFrom: time('trained_from'),
    trainedTo: time('trained_to'),
    metrics: json('metrics'),
    reason: plain('reason'),
    createdAt: time('created_at'),
    detail: json('detail'),
  },
};

export function createModelStore(database: Database): ModelStore {
  return {
    upsert: (model, artefact) =>
      database.transaction(async (tx) => {
        await record.upsertRecords({ ...database, sql: tx }, MODELS, [model]);
        if (artefact === null) return;
        await sql`update models set artefact = ${Buffer.from(artefact)}::bytea where id = ${model.id}`.execute(tx);
      }),
    get: (id) => record.getRecord(database, MODELS, id),
    list: (query) =>
      record.pageOfRecords(database, MODELS, {
        query,
        where: [record.equals('kind', query.kind), record.equals('scope', query.scope)],
      }),
    artefact: async (id) => {
      const [row] = await rowsOf(
        database.sql,
        sql<{ artefact: Uint8Array | null }>`select artefact from models where id = ${id}`,
      );
      return row?.artefact ? new Uint8Array(row.artefact) : null;
    },
  };
}
