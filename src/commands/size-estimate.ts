/**
 * What so many series cost. Every constant was measured with the program itself on two cores of 2026 (Linux, Node 20.20);
 * `test/system/size.test.ts` measures bytes on disk and in memory again and holds the estimates to 30 %.
 */

/** Where measurements are kept. */
export type SizedStore = 'embedded' | 'postgres' | 'timescale';

export interface SizeQuestion {
  readonly series: number;
  readonly entities: number;
  readonly stepSeconds: number;
  readonly models: number;
  readonly store: SizedStore;
  /** How long each resolution is kept, ms. */
  readonly retention: {
    readonly samples: number;
    readonly steps: number;
    readonly minutes: number;
    readonly hours: number;
  };
}

export interface SizeAnswer {
  readonly samplesPerSecond: number;
  /** Resident bytes of all processes together, at the highest load. */
  readonly memoryBytes: number;
  /** Of it, what a series more adds. */
  readonly memoryPerSeries: number;
  /** Cores of Vigía's own processes. */
  readonly cores: number;
  /** Cores of the database server; none where it is embedded. */
  readonly databaseCores: number;
  readonly disk: {
    readonly samples: number;
    readonly steps: number;
    readonly expected: number;
    readonly minutes: number;
    readonly hours: number;
    readonly models: number;
    readonly total: number;
  };
  /** Of each topic; none where the bus is in memory. */
  readonly partitions: number;
  /** Processes of the stage that has most to do. */
  readonly instances: number;
}

/** Node with all modules (ADR 5), and the whole embedded program when idle (`idle-memory` of `bench:pipeline`). */
const PROCESS_BYTES = 72e6;
const EMBEDDED_BYTES = 257e6;
/** One process for each of collect, prepare, detect, predict, correlate, recommend, act, learn and api. */
const STAGES = 9;
/** Live bytes: a series in collect and again in prepare, the state of its entity in prepare and in detect. */
const LIVE = { series: 290, prepareSeries: 330, prepareEntity: 6_500, detectFeature: 1_600, detectEntity: 18_000 };
/** Resident bytes for a live one under full load: 639 MB at 30,000 series and 119,400 samples a second, 257 MB idle. */
const RESIDENT_PER_LIVE = 4;
/** A forest of 100 trees over 256 rows each, which is the largest member, held by detect and by learn. */
const MODEL_BYTES = 1e6;

/** 1.18 cores at 119,400 samples a second (`throughput`), and detection of 30 features in 216 µs (`frame-us`, mean). */
const CPU_SAMPLE = 9.9e-6;
const CPU_FEATURE = 7.2e-6;
/** What Kafka may add (bound of `kafka-cpu-ratio`). */
const KAFKA_FACTOR = 2;
/** 61,000 rows a second by one connection on a busy core (`bulk-unnest`). */
const CPU_ROW = 16.4e-6;

/** Bytes of a row with its index: samples are narrow; frames are an array, or three, of four bytes a feature. */
const ROW = { sample: 93, step: 127, rollup: 227 };
const FLOAT = 4;
/** Before over after on host metrics of a day (`timescale-compression`, `timescale-compression-frames`). */
const COMPRESSION = { samples: 17, frames: 2.1 };
/** The newest chunks are not compressed: the one being written, and one that waits. */
const UNCOMPRESSED_MS = 8 * 3_600_000;

/** A partition is worked on by one instance; twice as many as needed leave room to grow without moving keys. */
const LEAST_PARTITIONS = 12;
/** An instance is one thread; beyond this it has no room for a burst. */
const LOAD = 0.6;

/** Detect writes what it expected no more often. */
const EXPECTED_MS = 10_000;
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;

/** Bytes of rows of `rowBytes` that come `perMs` and are kept so long. */
function kept(question: SizeQuestion, row: { perMs: number; rowBytes: number; keepMs: number }, ratio: number): number {
  const { perMs, rowBytes, keepMs } = row;
  if (question.store !== 'timescale') return perMs * keepMs * rowBytes;
  const open = Math.min(keepMs, UNCOMPRESSED_MS);
  return perMs * rowBytes * (open + (keepMs - open) / ratio);
}

function diskOf(question: SizeQuestion): SizeAnswer['disk'] {
  const { series, entities, stepSeconds, models, retention } = question;
  const features = series / entities;
  const rollupBytes = ROW.rollup + 3 * FLOAT * features;
  const of = (perMs: number, rowBytes: number, keepMs: number): number =>
    kept(question, { perMs, rowBytes, keepMs }, COMPRESSION.frames);
  const stepMs = stepSeconds * 1000;
  const samples = kept(
    question,
    { perMs: series / stepMs, rowBytes: ROW.sample, keepMs: retention.samples },
    COMPRESSION.samples,
  );
  const steps = of(entities / stepMs, ROW.step + FLOAT * features, retention.steps);
  const expected = of(entities / Math.max(stepMs, EXPECTED_MS), rollupBytes, retention.samples);
  const minutes = of(entities / Math.max(stepMs, MINUTE_MS), rollupBytes, retention.minutes);
  const hours = of(entities / HOUR_MS, rollupBytes, retention.hours) * (1 + 1 / 24);
  const disk = { samples, steps, expected, minutes, hours, models: models * MODEL_BYTES };
  return { ...disk, total: Object.values(disk).reduce((sum, one) => sum + one, 0) };
}

/** Bytes that stay reachable for each entity of so many series. */
export const liveBytes = (features: number): { readonly prepare: number; readonly detect: number } => ({
  prepare: LIVE.prepareEntity + features * (LIVE.series + LIVE.prepareSeries),
  detect: LIVE.detectEntity + features * LIVE.detectFeature,
});

/** Bytes of one row of each table, with its index, before compression. */
export const rowBytes = (
  features: number,
): { readonly sample: number; readonly step: number; readonly rollup: number } => ({
  sample: ROW.sample,
  step: ROW.step + FLOAT * features,
  rollup: ROW.rollup + 3 * FLOAT * features,
});

export function estimateSize(question: SizeQuestion): SizeAnswer {
  const { series, entities, stepSeconds, models, store } = question;
  const embedded = store === 'embedded';
  const features = series / entities;
  const { prepare, detect } = liveBytes(features);
  const live = entities * (prepare + detect + features * LIVE.series) * RESIDENT_PER_LIVE;
  const samplesPerSecond = series / stepSeconds;
  const cores = samplesPerSecond * (CPU_SAMPLE + CPU_FEATURE) * (embedded ? 1 : KAFKA_FACTOR);
  const instances = embedded ? 1 : Math.max(1, Math.ceil((samplesPerSecond * CPU_FEATURE * KAFKA_FACTOR) / LOAD));
  const bases = embedded ? EMBEDDED_BYTES : PROCESS_BYTES * (STAGES - 1 + instances);
  return {
    samplesPerSecond,
    memoryBytes: bases + live + 2 * models * MODEL_BYTES,
    memoryPerSeries: live / series,
    cores,
    databaseCores: embedded ? 0 : samplesPerSecond * CPU_ROW,
    disk: diskOf(question),
    partitions: embedded ? 0 : Math.max(LEAST_PARTITIONS, 2 ** Math.ceil(Math.log2(2 * instances))),
    instances,
  };
}
