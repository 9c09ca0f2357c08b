import type { Verdict } from '../../src/model/action.ts';
import type { ActionSubject } from '../../src/model/action-definition.ts';
import { type Evidence, evidenceOf } from '../../src/model/evidence.ts';
import type { PolicyContext, TriedAction } from '../../src/model/policy.ts';
import type { Random } from '../../src/ml/random.ts';
import { replicaName, type ServiceName, SERVICES, TOPOLOGY } from '../world.ts';
import type { Cluster, Replica } from './cluster.ts';
import { DEMAND, type Sign } from './observe.ts';

/** Where Vigía thinks that it began. */
export interface Suspect {
  readonly service: ServiceName;
  readonly replica: number;
  /** Whether the whole service has it rather than one replica. */
  readonly whole: boolean;
}

/** How often another is blamed than where it began: a guess of the real correlation. */
const WRONG_ROOT = 0.05;
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
  const [first] = ordered(signs.filter(({ metric }) => !DEMAND.has(metric)));
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

/** What has happened to a replica, by the names that the real lab tells events by. */
function eventsOf({ cluster }: Pick<Known, 'cluster'>, { service, hasCrashed }: Replica): string[] {
  const { versionChangedAt, configChangedAt } = cluster.services[service];
  const recent = (at: number): boolean => cluster.second - at <= CHANGE_S;
  return [
    ...(recent(versionChangedAt) ? ['deploy'] : []),
    ...(recent(configChangedAt) ? ['config_change'] : []),
    ...(hasCrashed ? ['crash'] : []),
  ];
}

/** What is far from normal at every replica, and what happened to it, as the product puts it into words. */
export function evidenceAt({ cluster, signs }: Pick<Known, 'cluster' | 'signs'>): readonly Evidence[] {
  return SERVICES.flatMap((name) => {
    const { replicas } = cluster.services[name];
    const needs = TOPOLOGY[name].calls.flatMap((called) =>
      cluster.services[called].replicas.map(({ number }) => `replica/${replicaName(called, number)}`),
    );
    const own = replicas.map(({ number }) =>
      signs
        .filter(({ service, replica }) => service === name && replica === number)
        .map(({ metric, way, strength }) => ({ feature: metric, way, strength, moved: strength })),
    );
    return replicas.flatMap((replica, i) => {
      const entity = `replica/${replicaName(name, replica.number)}`;
      const events = eventsOf({ cluster }, replica);
      if (own[i]!.length + events.length === 0) return [];
      return [
        evidenceOf(
          { entity, events, needs },
          own[i]!,
          own.filter((_, k) => k !== i),
        ),
      ];
    });
  });
}

/** Of an incident what decides where an action would be carried out. */
export function subjectOf({ cluster, signs, root }: Pick<Known, 'cluster' | 'signs' | 'root'>): ActionSubject {
  const entityOf = ({ service, replica }: Pick<Sign, 'service' | 'replica'>): string =>
    `replica/${replicaName(service, replica)}`;
  const suspected = entityOf(root);
  // Who has nothing but more to do takes no part in it.
  const entities = new Set([suspected, ...signs.filter(({ metric }) => !DEMAND.has(metric)).map(entityOf)]);
  return {
    root: suspected,
    entities: [...entities],
    anomalyKinds: signs.map(({ anomaly }) => anomaly),
    features: distinct(
      signs.map(({ metric }) => metric),
      MOST_FEATURES,
    ),
    predictions: [],
    evidence: evidenceAt({ cluster, signs }).filter(({ entity }) => entities.has(entity)),
  };
}

const MOST_FEATURES = 50;
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
      ...(recent(state.versionChangedAt) ? ['deploy'] : []),
      ...(recent(state.configChangedAt) ? ['config_change'] : []),
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

/** What goes up with the requests that are held is trouble where one replica has it; where all have it, there are more users. */
const HOLDING: ReadonlySet<string> = new Set([
  'lab_slots_in_use',
  'process_open_fds',
  'lab_pool_in_use',
  'lab_heap_used_bytes',
]);

function isTrouble({ service, replica, metric }: Sign, signs: readonly Sign[]): boolean {
  if (DEMAND.has(metric)) return false;
  const others = signs.some((sign) => sign.service === service && sign.metric === metric && sign.replica !== replica);
  return !HOLDING.has(metric) || !others;
}

/** As the product judges: by what drove it, against what would have been without. Missing evidence is inconclusive. */
export function verdictOf({ before, after, lost, lostWithout }: Course, random: Random): Verdict {
  if (random.next() < UNTOLD) return 'inconclusive';
  if (lost - lostWithout > HARM) return 'harmful';
  const still = (sign: Sign): boolean =>
    after.some(
      ({ service, replica, metric }) => service === sign.service && replica === sign.replica && metric === sign.metric,
    );
  return before.some((sign) => isTrouble(sign, before) && still(sign)) ? 'ineffective' : 'resolved';
}
