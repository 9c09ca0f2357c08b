/** How a feature strays from its mean from step to step. */
export type NoiseKind = 'smooth' | 'heavy' | 'bursty' | 'counts';

/** One feature of a kind of entity. All effects are relative to `base`. */
export interface FeatureSpec {
  readonly name: string;
  readonly unit: string;
  readonly kind: 'level' | 'rate' | 'quantile';
  readonly base: number;
  /** How much of it follows the load, 0 to 1; negative falls with load. */
  readonly load: number;
  readonly noise: NoiseKind;
  /** Deviation of its own noise. For `counts` it is not used: a count has the deviation it has. */
  readonly deviation: number;
  /** How much of the noise is left a minute later. */
  readonly memory: number;
  /** What a daily job adds at its height. */
  readonly job: number;
  /** Bounds that it cannot leave. */
  readonly low: number;
  readonly high: number;
}

type Partial_ = Partial<Omit<FeatureSpec, 'name'>>;

const feature = (name: string, spec: Partial_): FeatureSpec => ({
  name,
  unit: '',
  kind: 'level',
  base: 1,
  load: 0,
  noise: 'smooth',
  deviation: 0.05,
  memory: 0.5,
  job: 0,
  low: 0,
  high: Number.POSITIVE_INFINITY,
  ...spec,
});

const bytesRate = { unit: 'bytes_per_second', kind: 'rate' } as const;
const ratio = { unit: 'ratio', high: 1 } as const;

const host: readonly FeatureSpec[] = [
  feature('cpu_busy_ratio', { ...ratio, base: 0.35, load: 0.7, deviation: 0.08, job: 0.6 }),
  feature('load1', { base: 3, load: 0.7, noise: 'bursty', deviation: 0.15, memory: 0.8, job: 0.8 }),
  feature('memory_used_bytes', { unit: 'bytes', base: 2e10, load: 0.08, deviation: 0.01, memory: 0.95, job: 0.05 }),
  feature('disk_read_bytes', {
    ...bytesRate,
    base: 4e6,
    load: 0.3,
    noise: 'heavy',
    deviation: 0.3,
    memory: 0.3,
    job: 6,
  }),
  feature('disk_written_bytes', { ...bytesRate, base: 8e6, load: 0.5, noise: 'heavy', deviation: 0.2, job: 2 }),
  feature('network_received_bytes', { ...bytesRate, base: 2e7, load: 0.8, deviation: 0.06, job: 0.2 }),
  feature('network_sent_bytes', { ...bytesRate, base: 3e7, load: 0.8, deviation: 0.06, job: 0.8 }),
  feature('context_switches', { kind: 'rate', base: 40_000, load: 0.6, noise: 'bursty', deviation: 0.07 }),
  feature('tcp_established', { base: 900, load: 0.7, deviation: 0.04, memory: 0.8 }),
  feature('temperature_celsius', { unit: 'celsius', base: 52, load: 0.12, deviation: 0.01, memory: 0.95, job: 0.05 }),
  feature('disk_wait_seconds', { unit: 'seconds', base: 0.004, load: 0.3, noise: 'heavy', deviation: 0.25, job: 1.5 }),
  feature('network_errors', { kind: 'rate', base: 0.02, noise: 'counts' }),
];

const service: readonly FeatureSpec[] = [
  feature('requests', { kind: 'rate', base: 800, load: 0.9, deviation: 0.03 }),
  feature('errors', { kind: 'rate', base: 0.6, load: 0.8, noise: 'counts' }),
  feature('latency_p50_seconds', { unit: 'seconds', kind: 'quantile', base: 0.03, load: 0.15, deviation: 0.04 }),
  feature('latency_p99_seconds', {
    unit: 'seconds',
    kind: 'quantile',
    base: 0.3,
    load: 0.2,
    noise: 'heavy',
    deviation: 0.15,
  }),
  feature('in_flight', { base: 40, load: 0.9, noise: 'bursty', deviation: 0.12, memory: 0.4 }),
  feature('queue_length', { base: 6, load: 0.6, noise: 'bursty', deviation: 0.3, memory: 0.6, job: 1 }),
  feature('cache_hit_ratio', { ...ratio, base: 0.9, load: 0.03, deviation: 0.008, memory: 0.9 }),
  feature('retries', { kind: 'rate', base: 0.15, load: 0.7, noise: 'counts' }),
];

const pod: readonly FeatureSpec[] = [
  feature('cpu_seconds', { kind: 'rate', base: 0.5, load: 0.8, deviation: 0.07 }),
  feature('memory_working_set_bytes', { unit: 'bytes', base: 6e8, load: 0.05, deviation: 0.015, memory: 0.95 }),
  feature('network_received_bytes', { ...bytesRate, base: 2e6, load: 0.9, deviation: 0.06 }),
  feature('network_sent_bytes', { ...bytesRate, base: 3e6, load: 0.9, deviation: 0.06 }),
  feature('gc_pause_seconds', { unit: 'seconds', base: 0.02, load: 0.4, noise: 'heavy', deviation: 0.3, memory: 0.2 }),
  feature('threads', { base: 120, load: 0.2, deviation: 0.03, memory: 0.9 }),
  feature('requests', { kind: 'rate', base: 160, load: 0.9, deviation: 0.04 }),
  feature('latency_p95_seconds', {
    unit: 'seconds',
    kind: 'quantile',
    base: 0.12,
    load: 0.2,
    noise: 'bursty',
    deviation: 0.08,
  }),
  feature('errors', { kind: 'rate', base: 0.1, load: 0.8, noise: 'counts' }),
  feature('file_descriptors', { base: 300, load: 0.4, deviation: 0.03, memory: 0.9 }),
];

const database: readonly FeatureSpec[] = [
  feature('queries', { kind: 'rate', base: 2000, load: 0.8, deviation: 0.04, job: 0.3 }),
  feature('connections', { base: 180, load: 0.5, deviation: 0.03, memory: 0.9, job: 0.1 }),
  feature('rows_read', { kind: 'rate', base: 4e5, load: 0.7, noise: 'bursty', deviation: 0.1, job: 4 }),
  feature('lock_wait_seconds', {
    unit: 'seconds',
    base: 0.01,
    load: 0.5,
    noise: 'heavy',
    deviation: 0.35,
    memory: 0.3,
    job: 1,
  }),
  feature('cache_hit_ratio', { ...ratio, base: 0.97, load: 0.01, deviation: 0.004, memory: 0.9, job: -0.05 }),
  feature('replication_lag_seconds', { unit: 'seconds', base: 0.8, load: 0.4, noise: 'heavy', deviation: 0.3, job: 2 }),
  feature('disk_written_bytes', { ...bytesRate, base: 2e7, load: 0.6, noise: 'bursty', deviation: 0.12, job: 1.5 }),
  feature('deadlocks', { kind: 'rate', base: 0.01, noise: 'counts' }),
  feature('memory_used_bytes', { unit: 'bytes', base: 5e10, load: 0.02, deviation: 0.005, memory: 0.95 }),
];

/** What each kind of entity reports. */
export const CATALOGUE = { host, service, pod, database } as const;
export type EntityKind = keyof typeof CATALOGUE;
