import { dayFactor, RULES, type ServiceName, SERVICES, TOPOLOGY } from '../world.ts';
import {
  type Cluster,
  crashReplica,
  listed,
  placesOf,
  type Replica,
  restartReplica,
  type ServiceState,
} from './cluster.ts';

/** A full heap costs more and more collection before the process dies. */
const COLLECTING_FROM = 0.8;
/** Out of files when no more than this share is left. */
const NO_FILES = 0.99;
const NO_DISK = 0.995;
/** Network and event loop of one hop, ms. */
const HOP_MS = 3;
const LAST_TO_FIRST: readonly ServiceName[] = SERVICES.toReversed();

/** Mean wait in a queue with several places, in units of the service time (Sakasegawa, 1977); finite at full load. */
function queueing(load: number, places: number): number {
  const u = Math.min(load, 0.95);
  return u ** Math.sqrt(2 * (places + 1)) / (places * (1 - u));
}

/** Share of answers that take longer than `limit`, when they spread like an exponential above a fixed part. */
function shareSlower(meanS: number, fixedS: number, limitS: number): number {
  if (fixedS >= limitS) return 1;
  const spread = meanS - fixedS;
  return spread <= 1e-4 ? 0 : Math.exp(-(limitS - fixedS) / spread);
}

/** How often each service is asked for one request of a user. */
function rates(cluster: Cluster, warm: number): Record<ServiceName, number> {
  const gateway = RULES.meanRate * dayFactor(cluster.second) + cluster.surge;
  const through = gateway * (1 - cluster.shedding);
  const inventory = through * (1 - RULES.cacheShare * warm);
  return { gateway, orders: through, inventory, payments: through, ledger: inventory + through };
}

function mean(replicas: readonly Replica[], of: (replica: Replica) => number): number {
  let sum = 0;
  for (const replica of replicas) sum += of(replica);
  return replicas.length === 0 ? 0 : sum / replicas.length;
}

/** What a request waits for at others, and how often it fails there. Calls go out side by side. */
function downstream(cluster: Cluster, service: ServiceName, warm: number): { latencyS: number; failing: number } {
  let latencyS = 0;
  let good = 1;
  for (const name of TOPOLOGY[service].calls) {
    const { latencyS: waits, failing } = cluster.services[name];
    const asked = service === 'orders' && name === 'inventory' ? 1 - RULES.cacheShare * warm : 1;
    latencyS = Math.max(latencyS, asked * Math.min(waits, RULES.timeoutMs / 1000));
    good *= 1 - asked * failing;
  }
  return { latencyS, failing: 1 - good };
}

/** Faults that make a request fail however much room there is. */
function refusing(replica: Replica): number {
  if (replica.files >= NO_FILES || replica.disk >= NO_DISK) return 1;
  if (TOPOLOGY[replica.service].calls.length > 0 && Math.abs(replica.skewMs) > RULES.skewMs) return 1;
  return TOPOLOGY[replica.service].calls.length > 0 ? replica.severed : 0;
}

/** One second of a replica that is up. */
function serve(replica: Replica, state: ServiceState, waits: { latencyS: number; failing: number }): void {
  const { workMs } = TOPOLOGY[replica.service];
  const collecting = Math.max(0, replica.heap - COLLECTING_FROM) * 2;
  // While the loop is blocked nothing moves; a request needs about three turns of it, each half a block away on average.
  const blocked = Math.min(0.98, replica.block + 0.9 * replica.logging + 0.5 * collecting);
  replica.workMs = workMs + state.extraMs;
  const fixedS = (HOP_MS + replica.workMs + replica.storageMs) / 1000 + waits.latencyS;
  const severedS = replica.severed * (RULES.timeoutMs / 1000 - waits.latencyS);
  const holdS = fixedS + Math.max(0, severedS);
  const places = placesOf(replica);
  const capacity = places < 0.5 ? 0 : (places / holdS) * (1 - blocked);
  const load = capacity === 0 ? 2 : replica.rate / capacity;
  replica.busy = Math.min(1, load);
  const before = replica.backlog;
  replica.backlog = Math.min(RULES.queue, Math.max(0, before + replica.rate - capacity));
  const lost = Math.max(0, before + replica.rate - capacity - RULES.queue);
  const backlogS = capacity === 0 ? RULES.timeoutMs / 1000 : replica.backlog / capacity;
  const waitS = backlogS + (capacity === 0 ? 1 : queueing(load, places) * holdS) + 1.5 * blocked * blocked;
  const timeoutS = RULES.timeoutMs / 1000;
  replica.latencyS = Math.min(timeoutS, holdS + waitS);
  const late = shareSlower(holdS + waitS, holdS, timeoutS);
  const rejected = replica.rate > 0 ? Math.min(1, lost / replica.rate) : 0;
  replica.failing = 1 - (1 - refusing(replica)) * (1 - waits.failing) * (1 - late) * (1 - rejected);
}

/** A dead process refuses at once; whoever asks it has failed, fast. */
function beDown(replica: Replica): void {
  replica.downFor = Math.max(0, replica.downFor - 1);
  if (replica.downFor === 0) {
    replica.crashed = false;
    replica.joining = false;
  }
  replica.latencyS = 0.005;
  replica.failing = 1;
  replica.busy = 0;
}

/** Its turn in a restart of all comes nearer. */
function takeTurn(replica: Replica): void {
  if (replica.turnIn > 0 && --replica.turnIn === 0) restartReplica(replica, 2);
}

function tickService(cluster: Cluster, name: ServiceName, rate: number, warm: number): void {
  const state = cluster.services[name];
  const open = listed(state);
  const waits = downstream(cluster, name, warm);
  for (const replica of state.replicas) {
    takeTurn(replica);
    replica.rate = replica.joining || open.length === 0 ? 0 : rate / open.length;
    if (replica.downFor > 0) beDown(replica);
    else serve(replica, state, waits);
    replica.cacheWarm = Math.min(1, replica.cacheWarm + 1 / RULES.cacheWarmS);
    if (replica.downFor === 0 && replica.heap >= 1) crashReplica(replica);
  }
  state.latencyS = mean(open, ({ latencyS }) => latencyS);
  state.failing = open.length === 0 ? 1 : mean(open, ({ failing }) => failing);
}

/** Lets one second pass: from the ledger up, so that each service knows what it waits for. Changes `cluster`. */
export function tick(cluster: Cluster): void {
  const warm = mean(listed(cluster.services.orders), ({ cacheWarm }) => cacheWarm);
  const rate = rates(cluster, warm);
  for (const name of LAST_TO_FIRST) tickService(cluster, name, rate[name], warm);
  const { gateway } = cluster.services;
  const slow = mean(listed(gateway), ({ latencyS, failing }) =>
    failing >= 1 ? 0 : shareSlower(latencyS, latencyS * 0.6, RULES.slowMs / 1000),
  );
  const bad = 1 - (1 - gateway.failing) * (1 - slow);
  cluster.unavailable = cluster.shedding + (1 - cluster.shedding) * bad;
  cluster.requests += rate.gateway;
  cluster.failed += rate.gateway * cluster.unavailable;
  cluster.second++;
}
