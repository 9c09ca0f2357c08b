/** What fails, how it is announced, and what the oracle may know of it. Progress runs from 0 to the failure near 1. */
export interface FailureKind {
  readonly name: string;
  /** Shortest and longest time from the first sign to the failure, hours; drawn evenly on a logarithmic scale. */
  readonly hours: readonly [number, number];
}

/** Announced by minutes to days. */
export const ANNOUNCED: readonly FailureKind[] = [
  { name: 'out-of-memory', hours: [8, 96] },
  { name: 'disk-full', hours: [24, 120] },
  { name: 'error-rate', hours: [0.8, 4] },
  { name: 'pool-exhausted', hours: [0.8, 5] },
  { name: 'latency', hours: [2, 12] },
  { name: 'crash-loop', hours: [1.5, 8] },
  { name: 'hardware', hours: [10, 72] },
  { name: 'queue-full', hours: [1.5, 10] },
];

/** These come out of the blue: nothing in any feature, event or habit tells of them. */
export const SUDDEN = ['power-loss', 'network-cut'] as const;

/** Episodes of the announced kinds an entity-day; each is one of the kinds with the same chance. */
export const EPISODES_A_DAY = 1 / 20;
/** Failures of the sudden kinds together, an entity-day. */
export const SUDDEN_A_DAY = 1 / 240;

/** Share of the episodes that end well: the same signs, restarted, cleaned up or drained in time. */
export const RESCUED = 0.4;
/** Progress at which those end. */
export const RESCUED_AT = [0.15, 0.75] as const;
/** Progress at which the others fail. */
export const FAILS_AT = [0.9, 1.1] as const;

export const COLUMNS = [
  'cpu_busy',
  'memory_used',
  'disk_used',
  'requests_rate',
  'errors_rate',
  'latency_p95',
  'connections_used',
  'queue_length',
  'retransmits_rate',
  'disk_errors_rate',
  'restarts',
  'gc_share',
  'net_bytes_rate',
  'log_warnings_rate',
] as const;

/** Features with a limit, for capacity alone: the limit of each. */
export const LIMITED: readonly { readonly column: number; readonly limit: number }[] = [
  { column: 1, limit: 1 },
  { column: 2, limit: 1 },
  { column: 6, limit: 1 },
];

/** Chance of at least one failure of a kind without signs within so many seconds, and of an episode yet to begin that runs out. */
export function unknownRisk(seconds: number): number {
  const days = seconds / 86_400;
  let rate = SUDDEN_A_DAY * days;
  for (const { hours } of ANNOUNCED) {
    const [least, most] = hours;
    // Those that begin soon enough, by the share of durations that fit.
    const fits = Math.max(0, Math.min(1, Math.log((seconds / 3600 + 1e-9) / least) / Math.log(most / least)));
    rate += ((EPISODES_A_DAY / ANNOUNCED.length) * (1 - RESCUED) * fits * days) / 2;
  }
  return 1 - Math.exp(-rate);
}
