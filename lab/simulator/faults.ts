import type { Random } from '../../src/ml/random.ts';
import { FAULTS } from '../fault-catalogue.ts';
import { dayFactor, FAULT_KINDS, type FaultPlan, RULES, TOPOLOGY } from '../world.ts';
import { type Cluster, crashReplica, listed, type Replica } from './cluster.ts';

/** Storage that was good for 1 ms takes this much longer at the end, ms. */
const SLOW_STORAGE_MS = 1500;
const BAD_CONFIG_MS = 900;
/** Share of requests that a bad version dies of at the end. */
const DEADLY = 0.05;
/** So far beyond what is believed a clock goes in the end. */
const PAST_BELIEF = 1.3;
/** What a process is given beyond what it can bear, so that it fails within the growth time. */
const TO_THE_LIMIT = 1.02;

export function drawFault(random: Random): FaultPlan {
  const kind = FAULT_KINDS[random.int(FAULT_KINDS.length)]!;
  const { at, services } = FAULTS[kind];
  const service = services[random.int(services.length)]!;
  const { least, most } = RULES.growthS;
  return {
    kind,
    service,
    replica: at === 'service' ? null : 1 + random.int(TOPOLOGY[service].replicas),
    growthS: least + random.next() * (most - least),
  };
}

/** Lets something grow by a step a second, until `most`. */
const grow = (value: number, step: number, most: number): number => Math.min(most, value + step);

/** What works on in a process or on a disk, each second that the process runs. */
const inside: Partial<Record<FaultPlan['kind'], (replica: Replica, step: number) => void>> = {
  'memory-leak': (replica, step) => {
    replica.heap = grow(replica.heap, 0.7 * TO_THE_LIMIT * step, 1.01);
  },
  'event-loop-block': (replica, step) => {
    replica.block = grow(replica.block, 0.95 * step, 0.95);
  },
  'fd-leak': (replica, step) => {
    replica.files = grow(replica.files, 0.88 * TO_THE_LIMIT * step, 1);
  },
  'pool-exhaustion': (replica, step) => {
    replica.poolTaken = grow(replica.poolTaken, TO_THE_LIMIT * step, 1);
  },
  'disk-filling': (replica, step) => {
    replica.disk = grow(replica.disk, 0.92 * TO_THE_LIMIT * step, 1);
  },
  'clock-skew': (replica, step) => {
    replica.skewMs += PAST_BELIEF * RULES.skewMs * step;
  },
};

const ON_DISK: ReadonlySet<FaultPlan['kind']> = new Set(['event-loop-block', 'disk-filling']);

/** What lies outside the process, and is as far as time has gone. */
const outside: Partial<Record<FaultPlan['kind'], (replica: Replica, grown: number) => void>> = {
  'slow-dependency': (replica, grown) => {
    replica.storageMs = SLOW_STORAGE_MS * grown * grown;
  },
  partition: (replica, grown) => {
    replica.severed = grown;
  },
};

/** A new version is running wherever the process was started since; each request may be its last. */
function crashLoop(cluster: Cluster, plan: FaultPlan, grown: number, random: Random): void {
  const state = cluster.services[plan.service];
  if (!state.badVersion) return;
  state.deadly = DEADLY * grown;
  for (const replica of listed(state)) {
    const dies = 1 - (1 - state.deadly) ** replica.rate;
    if (replica.downFor === 0 && random.next() < dies) crashReplica(replica);
  }
}

function badSetting(cluster: Cluster, plan: FaultPlan, grown: number): void {
  const state = cluster.services[plan.service];
  if (!state.badConfig) return;
  if (plan.kind === 'bad-config') {
    state.extraMs = BAD_CONFIG_MS * grown * grown;
    return;
  }
  for (const replica of state.replicas) replica.logging = grown;
}

/** The change that brings it is made when it begins, and is seen as an event. */
export function beginFault(cluster: Cluster, plan: FaultPlan): void {
  const state = cluster.services[plan.service];
  if (plan.kind === 'crash-loop') {
    state.badVersion = true;
    state.versionChangedAt = cluster.second;
  }
  if (plan.kind === 'bad-config' || plan.kind === 'log-storm') {
    state.badConfig = true;
    state.configChangedAt = cluster.second;
  }
  const replica = plan.replica === null ? undefined : state.replicas[plan.replica - 1];
  if (replica === undefined || inside[plan.kind] === undefined) return;
  if (ON_DISK.has(plan.kind)) replica.onDisk = plan.kind;
  else replica.inProcess = plan.kind;
}

/** Lets a fault grow by one second, `age` seconds after it began. */
export function growFault(cluster: Cluster, plan: FaultPlan, age: number, random: Random): void {
  const grown = Math.min(1, age / plan.growthS);
  if (plan.kind === 'traffic-surge') {
    cluster.surge = grown * (RULES.surgeRate - RULES.meanRate * dayFactor(cluster.second));
  }
  if (plan.kind === 'crash-loop') crashLoop(cluster, plan, grown, random);
  if (plan.kind === 'bad-config' || plan.kind === 'log-storm') badSetting(cluster, plan, grown);
  if (plan.replica !== null) {
    const replica = cluster.services[plan.service].replicas[plan.replica - 1]!;
    if (replica.moved) return;
    const there = replica.inProcess === plan.kind || replica.onDisk === plan.kind;
    if (there && replica.downFor === 0) inside[plan.kind]?.(replica, 1 / plan.growthS);
    outside[plan.kind]?.(replica, grown);
  }
}
