import { type FaultKind, LIMITS, RULES, type ServiceName, SERVICES, TOPOLOGY } from '../world.ts';

/** One process of the simulated lab. Shares are 0 to 1, times seconds. */
export interface Replica {
  readonly service: ServiceName;
  readonly number: number;
  /** Seconds until it serves (again); 0 when it does. */
  downFor: number;
  crashed: boolean;
  /** It has crashed at some time. */
  hasCrashed: boolean;
  /** Stands in another place than it began in, where no fault waits for it. */
  moved: boolean;
  /** Started on purpose: it gets no requests before it serves. A crashed one does, since nobody has told the callers. */
  joining: boolean;
  /** What has got into this process, or onto its disk, and works on there until it is started anew, or cleared. */
  inProcess: FaultKind | null;
  onDisk: FaultKind | null;
  /** Seconds until its turn in a restart of all replicas; 0 when there is none. */
  turnIn: number;
  restarts: number;
  heap: number;
  files: number;
  poolTaken: number;
  disk: number;
  /** Cache on disk that is scanned in one go each second: the share of a second that it takes. */
  block: number;
  storageMs: number;
  severed: number;
  skewMs: number;
  logging: number;
  cacheWarm: number;
  backlog: number;
  /** What users of this replica got in the last second. */
  latencyS: number;
  failing: number;
  rate: number;
  /** Share of its places that were taken. */
  busy: number;
  /** Time spent on a request by itself, without waiting for others, ms. */
  workMs: number;
}

/** What is the same for all replicas of a service. */
export interface ServiceState {
  readonly name: ServiceName;
  readonly replicas: Replica[];
  /** Share of requests that the version running dies of; 0 for the version before. */
  deadly: number;
  badVersion: boolean;
  extraMs: number;
  badConfig: boolean;
  versionChangedAt: number;
  configChangedAt: number;
  latencyS: number;
  failing: number;
}

export interface Cluster {
  /** Seconds since the day began. */
  second: number;
  /** Requests a second beyond those of the hour. */
  surge: number;
  shedding: number;
  readonly services: Record<ServiceName, ServiceState>;
  /** Share of the user's requests that failed or were slow in the last second. */
  unavailable: number;
  /** Requests and failed requests since the start. */
  requests: number;
  failed: number;
}

export const NEVER = Number.NEGATIVE_INFINITY;

/** Calm values of a process, from the real lab at rest. */
const HEAP_AT_REST = 0.3;
const FILES_AT_REST = 0.12;
const DISK_AT_REST = 0.08;

export function createReplica(service: ServiceName, number: number): Replica {
  return {
    service,
    number,
    downFor: 0,
    crashed: false,
    hasCrashed: false,
    moved: false,
    joining: false,
    inProcess: null,
    onDisk: null,
    turnIn: 0,
    restarts: 0,
    heap: HEAP_AT_REST,
    files: FILES_AT_REST,
    poolTaken: 0,
    disk: DISK_AT_REST,
    block: 0,
    storageMs: 0,
    severed: 0,
    skewMs: 0,
    logging: 0,
    cacheWarm: 1,
    backlog: 0,
    latencyS: 0,
    failing: 0,
    rate: 0,
    busy: 0,
    workMs: 0,
  };
}

/** What a start sets right: everything that lives in the memory of the process. */
function freshProcess(replica: Replica): void {
  replica.heap = HEAP_AT_REST;
  replica.files = FILES_AT_REST;
  replica.poolTaken = 0;
  replica.skewMs = 0;
  replica.cacheWarm = 0;
  replica.backlog = 0;
  replica.inProcess = null;
}

export function clearReplica(replica: Replica): void {
  replica.disk = DISK_AT_REST;
  replica.block = 0;
  replica.cacheWarm = 0;
  replica.onDisk = null;
}

export function createCluster(second: number): Cluster {
  const service = (name: ServiceName): ServiceState => ({
    name,
    replicas: Array.from({ length: TOPOLOGY[name].replicas }, (_, i) => createReplica(name, i + 1)),
    deadly: 0,
    badVersion: false,
    extraMs: 0,
    badConfig: false,
    versionChangedAt: NEVER,
    configChangedAt: NEVER,
    latencyS: 0,
    failing: 0,
  });
  return {
    second,
    surge: 0,
    shedding: 0,
    services: Object.fromEntries(SERVICES.map((name) => [name, service(name)])) as Cluster['services'],
    unavailable: 0,
    requests: 0,
    failed: 0,
  };
}

/** Another disk, another network, another storage under it. */
export function moveReplica(replica: Replica, seconds: number): void {
  restartReplica(replica, seconds);
  clearReplica(replica);
  replica.storageMs = 0;
  replica.severed = 0;
  replica.moved = true;
}

const copyReplica = (replica: Replica): Replica => ({ ...replica });

/** A cluster that goes its own way from here on. */
export function copyCluster(cluster: Cluster): Cluster {
  const services = { ...cluster.services };
  for (const name of SERVICES) {
    const state = services[name];
    services[name] = { ...state, replicas: state.replicas.map(copyReplica) };
  }
  return { ...cluster, services };
}

/** Those that get requests. */
export const listed = (state: ServiceState): readonly Replica[] =>
  // Most of the time it is all of them, and this is asked some times a simulated second.
  state.replicas.some(isJoining) ? state.replicas.filter((replica) => !replica.joining) : state.replicas;

const isJoining = ({ joining }: Replica): boolean => joining;

/** Places of a replica for requests that call others are also limited by its pool of connections. */
export function placesOf(replica: Replica): number {
  const { slots, calls } = TOPOLOGY[replica.service];
  if (calls.length === 0) return slots;
  return Math.min(slots, Math.max(0, LIMITS.poolSize * (1 - replica.poolTaken)) / calls.length);
}

/** Starts a replica anew on purpose; it is away for `seconds`, and callers know. */
export function restartReplica(replica: Replica, seconds: number): void {
  freshProcess(replica);
  replica.downFor = seconds;
  replica.joining = true;
  replica.crashed = false;
  replica.turnIn = 0;
  replica.restarts++;
}

export function crashReplica(replica: Replica): void {
  freshProcess(replica);
  replica.downFor = RULES.crashRestartS;
  replica.crashed = true;
  replica.hasCrashed = true;
  replica.restarts++;
}
