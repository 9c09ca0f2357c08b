/**
 * What the lab is made of, as data: the services and who calls whom, what can break, what can be done. The real lab and the
 * simulator both read it, so that what is learnt in one means the same in the other.
 */

/** A request enters at the gateway; orders asks inventory and payments, and both ask the ledger. */
export const SERVICES = ['gateway', 'orders', 'inventory', 'payments', 'ledger'] as const;
export type ServiceName = (typeof SERVICES)[number];

export interface ServiceShape {
  readonly calls: readonly ServiceName[];
  readonly replicas: number;
  /** Requests that one replica works on at once; each holds its place while it waits for what it calls. */
  readonly slots: number;
  /** Own work of one request, ms. */
  readonly workMs: number;
}

/** Sized so that at the daily peak one replica of a service may be missing, and a surge is more than payments can take. */
export const TOPOLOGY: Readonly<Record<ServiceName, ServiceShape>> = {
  gateway: { calls: ['orders'], replicas: 2, slots: 24, workMs: 10 },
  orders: { calls: ['inventory', 'payments'], replicas: 3, slots: 12, workMs: 40 },
  inventory: { calls: ['ledger'], replicas: 2, slots: 5, workMs: 30 },
  payments: { calls: ['ledger'], replicas: 3, slots: 2, workMs: 60 },
  ledger: { calls: [], replicas: 2, slots: 3, workMs: 30 },
};

/** The rules of an experiment, the same in every arm. */
export const RULES = {
  /** A crashed process is started again after so long, whoever watches. */
  crashRestartS: 20,
  /** A fault is removed so long after it began, and the lab is reset. */
  faultS: 150,
  growthS: { least: 60, most: 90 },
  /** A request that takes longer has failed for its user. */
  slowMs: 1000,
  /** A service gives up waiting for another. */
  timeoutMs: 1200,
  /** Clocks that differ by more do not believe each other. */
  skewMs: 5000,
  /** Requests that wait in front of one replica; more are turned away. */
  queue: 30,
  /** Share of stock lookups that a warm cache in orders answers, and the time it takes to warm up. */
  cacheShare: 0.7,
  cacheWarmS: 15,
  /** Mean requests a second at the gateway; the day goes from 0.6 to 1.4 of it. */
  meanRate: 16,
  daySwing: 0.4,
  dayS: 1200,
  /** Requests a second that a surge grows to. */
  surgeRate: 70,
  /** Share of requests that the gateway turns away at once while it sheds load. */
  shed: 0.35,
  /** Replicas that one call to scale adds. */
  scaleBy: 2,
  /** A drained replica is away for so long, until it stands in another place: other disk, other network, nothing warm. */
  moveS: 12,
} as const;

/** What is kept small, so that it can run out within a minute. */
export const LIMITS = {
  heapMegabytes: 48,
  openFiles: 256,
  poolSize: 24,
  diskBytes: 8 * 1024 * 1024,
} as const;

export const FAULT_KINDS = [
  'memory-leak',
  'event-loop-block',
  'fd-leak',
  'pool-exhaustion',
  'disk-filling',
  'slow-dependency',
  'crash-loop',
  'bad-config',
  'traffic-surge',
  'partition',
  'clock-skew',
  'log-storm',
] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

/**
 * What the supervisor's admin interface can be asked for. `restart` starts one process anew where it is, `drain` moves it to
 * another place, `clear` empties its cache and its disk, `scale` adds replicas, `roll-back-…` brings back the version or the
 * settings from before the last change and does nothing where there was none, `shed-load` lets the gateway refuse at once.
 */
export const LAB_ACTIONS = [
  'restart',
  'drain',
  'clear',
  'scale',
  'roll-back-version',
  'roll-back-config',
  'shed-load',
] as const;
export type LabAction = (typeof LAB_ACTIONS)[number];

/** What an action is carried out on. */
export const ACTION_TARGET: Readonly<Record<LabAction, 'replica' | 'service'>> = {
  restart: 'replica',
  drain: 'replica',
  clear: 'replica',
  scale: 'service',
  'roll-back-version': 'service',
  'roll-back-config': 'service',
  'shed-load': 'service',
};

export const ACTION_DISRUPTION: Readonly<Record<LabAction, 'none' | 'low' | 'medium' | 'high'>> = {
  restart: 'low',
  drain: 'medium',
  clear: 'low',
  scale: 'low',
  'roll-back-version': 'medium',
  'roll-back-config': 'low',
  'shed-load': 'high',
};

/** One fault as a scenario names it. The replica counts from 1 and is null where a whole service has it. */
export interface FaultPlan {
  readonly kind: FaultKind;
  readonly service: ServiceName;
  readonly replica: number | null;
  readonly growthS: number;
}

/** `orders-1`, as labels, logs and the admin interface write it. */
export const replicaName = (service: ServiceName, replica: number): string => `${service}-${replica}`;

/** Of the daily rhythm, at a time since the start of the lab: 1 is the mean. */
export function dayFactor(seconds: number): number {
  return 1 - RULES.daySwing * Math.cos((2 * Math.PI * seconds) / RULES.dayS);
}
