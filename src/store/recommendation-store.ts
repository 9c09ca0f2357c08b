import { sql } from 'kysely';
import type { Recommendation } from '../model/action.ts';
import type { Database } from './database.ts';
import type { RecordTable } from './record-table.ts';
import * as record from './record-table.ts';
import type { RecommendationStore } from './store.ts';

const { json, plain, time } = record;

const RECOMMENDATIONS: RecordTable<Recommendation> = {
  name: 'recommendations',
  sort: 'time',
  version: 'time',
  columns: {
    id: plain('id'),
    incident: plain('incident'),
    fleet: plain('fleet'),
    time: time('time'),
    actions: json('actions'),
    policy: json('policy'),
    reason: json('reason'),
    explores: plain('explores'),
    similar: json('similar_cases'),
    considered: json('considered'),
  },
};

export function createRecommendationStore(database: Database): RecommendationStore {
  return {
    upsert: (recommendation) => record.upsertRecords(database, RECOMMENDATIONS, [recommendation]),
    get: (id) => record.getRecord(database, RECOMMENDATIONS, id),
    forIncident: async (incident) => {
      const where = [sql`incident = ${incident}`];
      const [newest] = await record.findRecords(database, RECOMMENDATIONS, { where, limit: 1 });
      return newest ?? null;
    },
    list: (query) => record.pageOfRecords(database, RECOMMENDATIONS, { query, where: [] }),
  };
}
