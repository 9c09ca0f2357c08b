import { readdirSync } from 'node:fs';
import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks';
import { getHeapStatistics } from 'node:v8';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { LIMITS, RULES } from '../world.ts';
import type { Disk } from './disk.ts';
import type { ReplicaLog } from './log.ts';
import type { Places } from './places.ts';

const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.4, 0.8, 1.2, 2.5];
const NANOSECONDS = 1e9;
const DELAY_RESOLUTION_MS = 10;
/** Gauges are means over about so long, since one look sees nothing of what comes and goes in between. */
const MEAN_OF_S = 3;
const LOOK_MS = 100;
const STUCK_MS = 2 * RULES.timeoutMs;

export interface ReplicaMetrics {
  readonly requests: Counter<'code'>;
  readonly errors: Counter<'reason'>;
  readonly seconds: Histogram;
  /** Time a request spends here, without waiting for a place or for others. */
  readonly work: Histogram;
  readonly storage: Histogram;
  expose(): Promise<string>;
  stop(): void;
}

export interface Measured {
  readonly slots: Places;
  readonly slotCount: number;
  readonly pool: Places;
  readonly disk: Pick<Disk, 'used'>;
  readonly log: Pick<ReplicaLog, 'bytes'>;
  readonly clockOffsetMs: () => number;
}

function openFiles(): number {
  try {
    return readdirSync('/proc/self/fd').length;
  } catch {
    // Not even the folder can be opened any more.
    return LIMITS.openFiles;
  }
}

/** A mean that forgets, fed by looking ten times a second. */
function meanOf(look: () => number): { value: () => number; stop: () => void } {
  let mean = look();
  const weight = LOOK_MS / 1000 / MEAN_OF_S;
  const timer = setInterval(() => {
    mean += weight * (look() - mean);
  }, LOOK_MS);
  return { value: () => mean, stop: () => clearInterval(timer) };
}

/** The longest wait of the last seconds, s, by looking once a second: what blocks it each second is in every value. */
function longestOf(delay: IntervalHistogram): { value: () => number; stop: () => void } {
  const waits: number[] = [];
  const timer = setInterval(() => {
    const longest = Number.isNaN(delay.mean) ? 0 : delay.max / NANOSECONDS;
    waits.push(Math.max(0, longest - DELAY_RESOLUTION_MS / 1000));
    if (waits.length > MEAN_OF_S) waits.shift();
    delay.reset();
  }, 1000);
  return { value: () => Math.max(0, ...waits), stop: () => clearInterval(timer) };
}

const gauges =
  (registry: Registry) =>
  (name: string, help: string, read: () => number): void =>
    registry.registerMetric(
      new Gauge({
        name,
        help,
        registers: [],
        collect() {
          this.set(read());
        },
      }),
    );

const logBytes = (log: Measured['log']): Counter =>
  new Counter({
    name: 'lab_log_bytes_total',
    help: 'Bytes of log written',
    registers: [],
    collect() {
      this.reset();
      this.inc(log.bytes);
    },
  });

/** What the process says of itself, in Prometheus' text form. */
export function createReplicaMetrics({ slots, slotCount, pool, disk, log, clockOffsetMs }: Measured): ReplicaMetrics {
  const registry = new Registry();
  const registers = [registry];
  const delay = monitorEventLoopDelay({ resolution: DELAY_RESOLUTION_MS });
  delay.enable();
  const busy = meanOf(() => slots.taken);
  const queued = meanOf(() => slots.waiting);
  const pooled = meanOf(() => pool.taken);
  const gauge = gauges(registry);
  const lag = longestOf(delay);
  gauge('lab_heap_used_bytes', 'Heap in use', () => getHeapStatistics().used_heap_size);
  gauge('lab_heap_limit_bytes', 'Heap that the process may use', () => getHeapStatistics().heap_size_limit);
  gauge('lab_event_loop_lag_seconds', 'Longest wait of the event loop, of some seconds', lag.value);
  gauge('process_open_fds', 'Open files', openFiles);
  gauge('process_max_fds', 'Files that may be open', () => LIMITS.openFiles);
  gauge('lab_slots_in_use', 'Requests that are worked on, mean of some seconds', busy.value);
  gauge('lab_slots', 'Requests that may be worked on at once', () => slotCount);
  gauge('lab_queue', 'Requests that wait for a place, mean of some seconds', queued.value);
  gauge('lab_pool_in_use', 'Connections to others in use, mean of some seconds', pooled.value);
  gauge('lab_pool_stuck', 'Connections in use for longer than any request may take', () =>
    pool.heldFor(STUCK_MS, Date.now()),
  );
  gauge('lab_pool_size', 'Connections to others that may be in use', () => LIMITS.poolSize);
  gauge('lab_disk_used_bytes', 'Disk in use', () => disk.used);
  gauge('lab_disk_limit_bytes', 'Size of the disk', () => LIMITS.diskBytes);
  gauge('lab_clock_offset_seconds', 'How far the clock is ahead of the reference', () => clockOffsetMs() / 1000);
  registry.registerMetric(logBytes(log));
  return {
    requests: new Counter({ name: 'lab_requests_total', help: 'Requests', labelNames: ['code'], registers }),
    errors: new Counter({ name: 'lab_errors_total', help: 'Failed requests', labelNames: ['reason'], registers }),
    seconds: new Histogram({ name: 'lab_request_seconds', help: 'Time to answer', buckets: BUCKETS, registers }),
    work: new Histogram({ name: 'lab_work_seconds', help: 'Own time of a request', buckets: BUCKETS, registers }),
    storage: new Histogram({
      name: 'lab_storage_seconds',
      help: 'Time of a storage access',
      buckets: BUCKETS,
      registers,
    }),
    expose: () => registry.metrics(),
    stop() {
      delay.disable();
      for (const mean of [busy, queued, pooled, lag]) mean.stop();
    },
  };
}
