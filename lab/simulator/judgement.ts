import type { Verdict } from '../../src/model/action.ts';
import type { PolicyContext, TriedAction } from '../../src/model/policy.ts';
import type { Random } from '../../src/ml/random.ts';
import { replicaName, type ServiceName, SERVICES, TOPOLOGY } from '../world.ts';
import type { Cluster } from './cluster.ts';
import type { Sign } from './observe.ts';

/** Where Vigía thinks that it began. */
export interface Suspect {
  readonly service: ServiceName;
  readonly replica: number;
  /** Whether the whole service has it rather than one replica. */
  readonly whole: boolean;
}

/** How often another is blamed than where it began: a guess of the real correlation. */
const WRONG_ROOT = 0.05;
/** More users are no sign of something wrong, where they are borne. */
const DEMAND = 'lab_requests_total';
const DRIVERS = 5;
const KINDS = 5;
/** A change is named for an hour; the lab is younger than that. */
const CHANGE_S = 3600;
/** Signs of something that runs out are also predicted: probability by strength. */
const RUNS_OUT: ReadonlySet<string> = new Set([
  'lab_heap_used_bytes',
  'process_open_fds',
  'lab_pool_in_use',
  'lab_disk_used_bytes',
]);

/** The likeliest first: what says what is wrong before what only suffers, then the deepest in the chain, then the strongest. */
function ordered(signs: readonly Sign[]): readonly Sign[] {
  const depth = (sign: Sign): number => SERVICES.indexOf(sign.service);
  return signs.toSorted((a, b) => Number(b.cause) - Number(a.cause) || depth(b) - depth(a) || b.strength - a.strength);
}

function neighbour(random: Random): Suspect {
  const service = SERVICES[random.int(SERVICES.length)]!;
  return { service, replica: 1 + random.int(TOPOLOGY[service].replicas), whole: random.next() < 0.5 };
}

/** Null when nothing is wrong: more users alone are nothing wrong. */
export function suspect(signs: readonly Sign[], random: Random): Suspect | null {
  const [first] = ordered(signs.filter(({ metric }) => metric !== DEMAND));
  if (first === undefined) return null;
  if (random.next() < WRONG_ROOT) return neighbour(random);
  const same = new Set(
    signs.filter(({ service, metric }) => service === first.service && metric === first.metric).map((s) => s.replica),
  );
  return { service: first.service, replica: first.replica, whole: same.size > 1 };
}

interface Known {
  readonly cluster: Cluster;
  readonly signs: readonly Sign[];
  readonly root: Suspect;
  readonly openedAt: number;
  readonly tried: readonly TriedAction[];
}

const distinct = <T>(values: readonly T[], most: number): T[] => [...new Set(values)].slice(0, most);

/** What a policy is told, in the words of the product. */
export function contextOf({ cluster, signs, root, openedAt, tried }: Known): PolicyContext {
  const own = ordered(signs).filter(({ service }) => service === root.service);
  const state = cluster.services[root.service];
  const recent = (at: number): boolean => cluster.second - at <= CHANGE_S;
  const running = own.filter(({ metric }) => RUNS_OUT.has(metric));
  const strongest = Math.max(0, ...running.map(({ strength }) => strength));
  const suffering = signs.some(({ metric }) => metric === 'lab_errors_total');
  return {
    entityKind: root.whole ? 'service' : 'replica',
    anomalyKinds: distinct(
      own.map(({ anomaly }) => anomaly),
      KINDS,
    ),
    predictionKinds: running.length > 0 ? ['capacity'] : [],
    drivers: distinct(
      own.map(({ metric }) => metric),
      DRIVERS,
    ),
    probability: running.length > 0 ? 1 - Math.exp(-strongest / 10) : 0,
    severity: suffering ? 'critical' : 'warning',
    ageSeconds: cluster.second - openedAt,
    breadth: new Set(signs.map(({ service, replica }) => replicaName(service, replica))).size,
    changes: [
      ...(recent(state.versionChangedAt) ? ['version'] : []),
      ...(recent(state.configChangedAt) ? ['config'] : []),
    ],
    tried: [...tried],
  };
}

/** Share of requests, over the settle window, that makes harm: more than this were lost than without the action. */
const HARM = 0.05;
/** How often an outcome cannot be told, since too little was measured. */
const UNTOLD = 0.03;

export interface Course {
  /** What drove it, before and after, at the root. */
  readonly before: readonly Sign[];
  readonly after: readonly Sign[];
  readonly lost: number;
  readonly lostWithout: number;
}

/** As the product judges: by what drove it, against what would have been without. Missing evidence is inconclusive. */
export function verdictOf({ before, after, lost, lostWithout }: Course, random: Random): Verdict {
  if (random.next() < UNTOLD) return 'inconclusive';
  if (lost - lostWithout > HARM) return 'harmful';
  const still = (sign: Sign): boolean =>
    after.some(
      ({ service, replica, metric }) => service === sign.service && replica === sign.replica && metric === sign.metric,
    );
  return before.some((sign) => sign.metric !== DEMAND && still(sign)) ? 'ineffective' : 'resolved';
}
