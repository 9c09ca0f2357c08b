import { type LabAction, RULES, type ServiceName } from '../world.ts';
import {
  type Cluster,
  clearReplica,
  createReplica,
  listed,
  moveReplica,
  restartReplica,
  type ServiceState,
} from './cluster.ts';

/** Seconds that a process is away when it is started anew on purpose: it ends its work, and another start takes this long. */
const RESTART_S = 2;
/** Until a new replica serves. */
const SCALE_S = 3;
/** The supervisor starts no more of one service. */
const MOST_REPLICAS = 6;

export interface ActionCall {
  readonly action: LabAction;
  readonly service: ServiceName;
  /** Null for what is done to a service. */
  readonly replica: number | null;
}

/** All replicas of a service, one after the other; dead ones at once. */
function restartAll(state: ServiceState): void {
  let turn = 1;
  for (const replica of state.replicas) {
    if (replica.downFor > 0) restartReplica(replica, RESTART_S);
    else {
      replica.turnIn = turn;
      turn += RESTART_S;
    }
  }
}

const ofReplica: Partial<Record<LabAction, (state: ServiceState, number: number) => void>> = {
  restart: (state, number) => restartReplica(state.replicas[number - 1]!, RESTART_S),
  // The last one that serves is never taken out.
  drain: (state, number) => {
    if (listed(state).length > 1) moveReplica(state.replicas[number - 1]!, RULES.moveS);
  },
  clear: (state, number) => clearReplica(state.replicas[number - 1]!),
};

const ofService: Partial<Record<LabAction, (cluster: Cluster, state: ServiceState) => void>> = {
  scale: (_, state) => {
    const first = state.replicas.length + 1;
    if (first > MOST_REPLICAS) return;
    for (let i = 0; i < RULES.scaleBy; i++) {
      const replica = createReplica(state.name, first + i);
      restartReplica(replica, SCALE_S);
      replica.restarts = 0;
      state.replicas.push(replica);
    }
  },
  'roll-back-version': (_, state) => {
    if (!state.badVersion) return;
    state.badVersion = false;
    state.deadly = 0;
    restartAll(state);
  },
  'roll-back-config': (_, state) => {
    state.badConfig = false;
    state.extraMs = 0;
    for (const replica of state.replicas) replica.logging = 0;
  },
  'shed-load': (cluster) => {
    cluster.shedding = RULES.shed;
  },
};

/** Carries out what the supervisor of the real lab would. Changes `cluster`. */
export function applyAction(cluster: Cluster, { action, service, replica }: ActionCall): void {
  const state = cluster.services[service];
  if (replica !== null) ofReplica[action]?.(state, replica);
  else ofService[action]?.(cluster, state);
}
