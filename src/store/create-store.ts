import { sql } from 'kysely';
import type { Clock } from '../runtime/clock.ts';
import { createAggregateRefresh } from './aggregate-refresh.ts';
import { createAlertStore } from './alert-store.ts';
import { createAnomalyStore } from './anomaly-store.ts';
import { createAuditStore } from './audit-store.ts';
import { createChangeStore } from './change-store.ts';
import { createCheckpointStore } from './checkpoint-store.ts';
import { createChunks } from './chunks.ts';
import type { Database } from './database.ts';
import { createDeadLetterStore } from './dead-letter-store.ts';
import { createDecisionStore } from './decision-store.ts';
import { createEdgeStore } from './edge-store.ts';
import { createEntityNumbers, createEntityStore } from './entity-store.ts';
import { createEventStore } from './event-store.ts';
import { createExemplarStore } from './exemplar-store.ts';
import { createFailureStore } from './failure-store.ts';
import { createFeedbackStore } from './feedback-store.ts';
import { createForecastStore } from './forecast-store.ts';
import { createFrameStore } from './frame-store.ts';
import { createIncidentStore } from './incident-store.ts';
import { createLeaseStore } from './lease-store.ts';
import { createLadderStore } from './ladder-store.ts';
import { createLogStore } from './log-store.ts';
import { createMaintenance, DEFAULT_RETENTION, type Retention } from './maintenance.ts';
import { migrate } from './migrate.ts';
import { createMemberStore } from './member-store.ts';
import { createModelCheckStore } from './model-check-store.ts';
import { createModelStore } from './model-store.ts';
import { createOrderStore } from './order-store.ts';
import { createOutcomeStore } from './outcome-store.ts';
import {
  createPartitioner,
  FRAMES_DAY,
  FRAMES_EXPECTED,
  FRAMES_HOUR,
  FRAMES_MINUTE,
  FRAMES_STEP,
  type Partitioner,
  type PeriodTable,
  SAMPLES,
} from './partitions.ts';
import { createPredictionStore } from './prediction-store.ts';
import { createChoiceStore, createLineageStore, createQualityStore } from './quality-store.ts';
import { createRecommendationStore } from './recommendation-store.ts';
import { createRestraintStore } from './restraint-store.ts';
import { createRunStore } from './run-store.ts';
import { createRollups } from './rollups.ts';
import { createSampleStore } from './sample-store.ts';
import { createSettingStore } from './setting-store.ts';
import { createSilenceStore } from './silence-store.ts';
import type { Store, TimescaleUse } from './store.ts';
import { createValueStore } from './value-store.ts';
import { applyTimescale } from './timescale.ts';

export interface StoreOptions {
  readonly clock: Clock;
  readonly retention?: Retention;
  /** What an error about the schema calls the place: the data folder, or the server without its password. */
  readonly place: string;
  /** Whether TimescaleDB is used where it can be had; true when nothing is said. */
  readonly timescale?: boolean;
}

/** A chunk may hold so much that there are some of them before the oldest goes. */
const CHUNKS_KEPT = 7;

const partitionersOf = (database: Database, timescale: boolean, retention: Retention) => {
  const of = (table: PeriodTable, longest: number | null = null): Partitioner =>
    timescale ? createChunks(database, table, longest) : createPartitioner(database, table);
  return {
    samples: of(SAMPLES, retention.samplesMs / CHUNKS_KEPT),
    frames_step: of(FRAMES_STEP, retention.stepsMs / CHUNKS_KEPT),
    frames_minute: of(FRAMES_MINUTE),
    frames_hour: of(FRAMES_HOUR),
    frames_day: of(FRAMES_DAY),
    frames_expected: of(FRAMES_EXPECTED),
  };
};

/** The stores that need nothing but the database. */
const recordStores = (database: Database) => ({
  logs: createLogStore(database),
  exemplars: createExemplarStore(database),
  events: createEventStore(database),
  anomalies: createAnomalyStore(database),
  predictions: createPredictionStore(database),
  incidents: createIncidentStore(database),
  edges: createEdgeStore(database),
  silences: createSilenceStore(database),
  alerts: createAlertStore(database),
  recommendations: createRecommendationStore(database),
  runs: createRunStore(database),
  outcomes: createOutcomeStore(database),
  decisions: createDecisionStore(database),
  ladder: createLadderStore(database),
  value: createValueStore(database),
  failures: createFailureStore(database),
  forecasts: createForecastStore(database),
  restraints: createRestraintStore(database),
  models: createModelStore(database),
  modelChecks: createModelCheckStore(database),
  feedback: createFeedbackStore(database),
  members: createMemberStore(database),
  orders: createOrderStore(database),
  changes: createChangeStore(database),
  settings: createSettingStore(database),
  checkpoints: createCheckpointStore(database),
  audit: createAuditStore(database),
  deadLetters: createDeadLetterStore(database),
  quality: createQualityStore(database),
  choices: createChoiceStore(database),
  lineages: createLineageStore(database),
});

/**
 * The whole store over an open database, with the schema up to date. `close` closes the database too. Throws
 * `STORE_NEWER` when a newer program has written there; the database is closed then.
 */
export async function createStore(database: Database, options: StoreOptions): Promise<Store> {
  const { clock, retention = DEFAULT_RETENTION, place } = options;
  let timescale: TimescaleUse;
  try {
    await migrate(database, { place, now: clock.now() });
    timescale = await applyTimescale(database, { retention, wanted: options.timescale ?? true });
  } catch (error) {
    await database.close();
    throw error;
  }
  const partitioners = partitionersOf(database, timescale.used, retention);
  const entities = createEntityNumbers(database);
  return {
    entities: createEntityStore(database, entities),
    samples: createSampleStore({ database, partitioner: partitioners.samples, clock, keepMs: retention.samplesMs }),
    frames: createFrameStore({
      database,
      entities,
      partitioners: {
        step: partitioners.frames_step,
        minute: partitioners.frames_minute,
        hour: partitioners.frames_hour,
        day: partitioners.frames_day,
        expected: partitioners.frames_expected,
      },
      aggregates: timescale.used,
    }),
    ...recordStores(database),
    leases: createLeaseStore(database, recordStores),
    maintenance: createMaintenance({
      database,
      retention,
      partitioners,
      rollHours: timescale.used ? createAggregateRefresh(database) : createRollups(database, partitioners),
    }),
    timescale,
    ping: async () => {
      await sql`select 1`.execute(database.sql);
    },
    close: () => database.close(),
  };
}
