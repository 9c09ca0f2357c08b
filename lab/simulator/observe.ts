import type { Random } from '../../src/ml/random.ts';
import { LIMITS, type ServiceName, SERVICES, TOPOLOGY } from '../world.ts';
import type { Cluster, Replica } from './cluster.ts';

/** What a replica is measured by: how far from calm is how many of `spread`; a fall counts as much where `both`. */
interface Gauge {
  readonly metric: string;
  readonly anomaly: string;
  /** Whether it says what is wrong, and not only that users suffer. */
  readonly cause: boolean;
  readonly spread: number;
  readonly of: (replica: Replica) => number;
}

/** Share of a heap that a request takes while it is held, and what a blocked loop adds to it, ms. */
const HELD_HEAP = 0.002;
const BLOCKED_MS = 500;
/** Lines of log a request at the end of a log storm. */
const MOST_LINES = 200;

/** Metric names of the real lab; spreads are what they vary by there at rest, in the same units. */
const GAUGES: readonly Gauge[] = [
  { metric: 'lab_heap_used_bytes', anomaly: 'trend', cause: true, spread: 0.03, of: heap },
  { metric: 'lab_event_loop_lag_seconds', anomaly: 'level_shift', cause: true, spread: 0.02, of: loopLag },
  { metric: 'process_open_fds', anomaly: 'trend', cause: true, spread: 0.02, of: files },
  { metric: 'lab_pool_in_use', anomaly: 'trend', cause: true, spread: 0.06, of: pool },
  { metric: 'lab_pool_stuck', anomaly: 'trend', cause: true, spread: 0.03, of: ({ poolTaken }) => poolTaken },
  { metric: 'lab_disk_used_bytes', anomaly: 'trend', cause: true, spread: 0.01, of: ({ disk }) => disk },
  { metric: 'lab_storage_seconds', anomaly: 'level_shift', cause: true, spread: 10, of: ({ storageMs }) => storageMs },
  { metric: 'lab_clock_offset_seconds', anomaly: 'trend', cause: true, spread: 50, of: ({ skewMs }) => skewMs },
  // Of who is down nothing is heard.
  { metric: 'frames', anomaly: 'missing', cause: true, spread: 0.1, of: ({ downFor }) => (downFor > 0 ? 1 : 0) },
  { metric: 'lab_slots_in_use', anomaly: 'level_shift', cause: true, spread: 0.12, of: ({ busy }) => busy },
  { metric: 'lab_queue', anomaly: 'level_shift', cause: true, spread: 0.4, of: ({ backlog }) => backlog },
  { metric: 'lab_work_seconds', anomaly: 'level_shift', cause: true, spread: 10, of: ownMs },
  { metric: 'lab_request_seconds', anomaly: 'level_shift', cause: false, spread: 0.25, of: slowness },
  { metric: 'lab_errors_total', anomaly: 'spike', cause: false, spread: 0.02, of: ({ failing }) => failing },
  { metric: 'lab_requests_total', anomaly: 'level_shift', cause: false, spread: 0.12, of: demand },
  { metric: 'lab_log_bytes_total', anomaly: 'level_shift', cause: false, spread: 0.12, of: lines },
];

/** What goes with demand is no sign of something wrong where it is borne. */
export const DEMAND: ReadonlySet<string> = new Set(['lab_requests_total', 'lab_log_bytes_total']);

/** Requests that are held, waiting or worked on: each has a file and some memory, and mostly a call under way. */
const held = ({ service, busy, backlog }: Replica): number => busy * TOPOLOGY[service].slots + backlog;

function heap(replica: Replica): number {
  return replica.heap + HELD_HEAP * held(replica);
}

function files(replica: Replica): number {
  return replica.files + held(replica) / LIMITS.openFiles;
}

function pool({ service, busy, poolTaken }: Replica): number {
  const { slots, calls } = TOPOLOGY[service];
  return Math.min(1, poolTaken + (calls.length * busy * slots) / LIMITS.poolSize);
}

function loopLag({ block, logging, heap: used }: Replica): number {
  return Math.min(1, block + 0.9 * logging + Math.max(0, used - 0.8));
}

/** Own time of a request, ms: the loop that is blocked and the storage that is slow are its own too. */
function ownMs(replica: Replica): number {
  return replica.workMs + replica.storageMs + BLOCKED_MS * loopLag(replica);
}

function slowness({ latencyS }: Replica): number {
  return Math.log(Math.max(0.005, latencyS));
}

function demand({ rate }: Replica): number {
  return Math.log(Math.max(0.1, rate));
}

function lines(replica: Replica): number {
  return demand(replica) + Math.log(1 + MOST_LINES * replica.logging);
}

/** So far from calm twice running makes an anomaly. */
const FAR = 5;

/** What is abnormal of one replica. */
export interface Sign {
  readonly service: ServiceName;
  readonly replica: number;
  readonly metric: string;
  readonly anomaly: string;
  readonly cause: boolean;
  readonly way: 'up' | 'down' | 'gone';
  /** In spreads. */
  readonly strength: number;
}

/** What was calm, and what was far from it a look ago, by service, replica and gauge. Neither is ever changed. */
export interface Observer {
  readonly calm: Float64Array;
  readonly before: Uint8Array;
}

/** Room for as many replicas as a service may come to have. */
const ROOM = 8;
const CELLS = SERVICES.length * ROOM * GAUGES.length;
const cellOf = (service: number, replica: number): number => (service * ROOM + replica) * GAUGES.length;

/** What can be seen of a replica, by the names of the real lab. */
export const SEEN_METRICS: readonly string[] = GAUGES.map(({ metric }) => metric);

/** Takes the cluster as it is now for calm. */
export function createObserver(cluster: Cluster): Observer {
  const calm = new Float64Array(CELLS).fill(Number.NaN);
  SERVICES.forEach((name, s) =>
    cluster.services[name].replicas.forEach((replica, r) =>
      GAUGES.forEach((gauge, g) => {
        calm[cellOf(s, r) + g] = gauge.of(replica);
      }),
    ),
  );
  return { calm, before: new Uint8Array(CELLS) };
}

/** Looks as Vigía would: against what was calm, with noise, and nothing is abnormal before it was so twice. */
export function look(observer: Observer, cluster: Cluster, random: Random): readonly [Observer, readonly Sign[]] {
  const { calm, before } = observer;
  const far = new Uint8Array(CELLS);
  const signs: Sign[] = [];
  SERVICES.forEach((name, s) =>
    cluster.services[name].replicas.forEach((replica, r) => {
      // What is started on purpose is not looked at before it serves; what was added has no calm to compare with.
      if (replica.joining || Number.isNaN(calm[cellOf(s, r)])) return;
      GAUGES.forEach((gauge, g) => {
        const cell = cellOf(s, r) + g;
        const away = (gauge.of(replica) - calm[cell]!) / gauge.spread + random.normal();
        if (Math.abs(away) < FAR) return;
        far[cell] = 1;
        const way = gauge.metric === 'frames' ? 'gone' : away > 0 ? 'up' : 'down';
        if (before[cell] === 1) signs.push({ ...signOf(replica, gauge), way, strength: Math.abs(away) });
      });
    }),
  );
  return [{ calm, before: far }, signs];
}

const signOf = ({ service, number }: Replica, { metric, anomaly, cause }: Gauge): Omit<Sign, 'strength' | 'way'> => ({
  service,
  replica: number,
  metric,
  anomaly,
  cause,
});
