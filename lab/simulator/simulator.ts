import type { Verdict } from '../../src/model/action.ts';
import { type ActionDefinition, targetOf } from '../../src/model/action-definition.ts';
import type { Disruption, PolicyContext, TriedAction } from '../../src/model/policy.ts';
import { createRandom, type Random } from '../../src/ml/random.ts';
import {
  ACTION_DISRUPTION,
  ACTION_TARGET,
  type FaultPlan,
  LAB_ACTIONS,
  type LabAction,
  RULES,
  type ServiceName,
  SERVICES,
} from '../world.ts';
import { askers, CATALOGUE } from '../catalogue.ts';
import { type ActionCall, applyAction } from './actions.ts';
import { type Cluster, copyCluster, createCluster } from './cluster.ts';
import { beginFault, drawFault, growFault } from './faults.ts';
import { contextOf, evidenceAt, subjectOf, type Suspect, suspect, verdictOf } from './judgement.ts';
import { createObserver, look, type Observer, type Sign } from './observe.ts';
import { tick } from './tick.ts';

export interface SimulatorOptions {
  readonly seed: number;
  /** Seconds after an action until its outcome is judged. Default 30, as the lab's configuration has it. */
  readonly settleS?: number;
  /** Seconds after which a fault is removed. Default as in the lab; longer ones let several steps be tried. */
  readonly faultS?: number;
  /** This fault every time, at any hour of the day; drawn when left out. */
  readonly plan?: FaultPlan;
}

type Settled = Required<Omit<SimulatorOptions, 'plan'>> & { readonly plan: FaultPlan | null };

/** What may be done about an incident. */
export interface SimulatedOption {
  readonly action: LabAction;
  readonly entity: string;
  readonly disruption: Disruption;
  /** Whether Vigía would think of it here at all. */
  readonly fits: boolean;
  /** What is far from normal there, in the words of the product. */
  readonly evidence: readonly string[];
}

export interface SimulatedStep {
  readonly verdict: Verdict;
  /** Of the settle window, shorter where the fault was removed meanwhile. */
  readonly minutes: number;
  /** Minutes' worth of requests that failed or were slow in it, and in the same window had nothing been done. */
  readonly lostMinutes: number;
  readonly lostMinutesWithout: number;
}

/** One incident in virtual time, from when it was noticed. `act` lets time pass; `copy` goes its own way from here. */
export interface SimulatedIncident {
  readonly id: string;
  /** Unix ms, virtual. */
  readonly time: number;
  /** What is truly wrong; for oracles and tests, never for a policy. */
  readonly fault: FaultPlan;
  /** Seconds from the beginning of the fault until it was noticed. */
  readonly noticedAfterS: number;
  /** Whether nothing is abnormal any more, or the fault was removed. */
  readonly over: boolean;
  /** Minutes' worth of requests lost since the fault began. */
  readonly lostMinutes: number;
  context(): PolicyContext;
  options(): readonly SimulatedOption[];
  /** Null waits for one settle window. */
  act(action: LabAction | null): SimulatedStep;
  copy(): SimulatedIncident;
}

export interface Simulator {
  /** The same seed and index give the same incident, in whatever order they are asked for; null for a fault nobody noticed. */
  incident(index: number): SimulatedIncident | null;
}

/** Vigía's step in the lab, s. */
const LOOK_S = 5;
/** The lab runs this long before a fault, so that queues and caches are as they are. */
const CALM_S = 20;
/** Virtual time of incident 0, and between two incidents, ms. */
const EPOCH_MS = Date.UTC(2026, 0, 1);
const APART_MS = 3_600_000;
const MINUTE_S = 60;

const NOBODY: Suspect = { service: 'gateway', replica: 1, whole: true };

/** What decides where an action is carried out, as the real lab's configuration has it. */
const definitionOf = (action: LabAction): Pick<ActionDefinition, 'match'> => ({
  match: { entityKinds: askers(action), anomalyKinds: [], features: CATALOGUE[action].features, predictions: true },
});

/** `replica/orders-2` */
function placeOf(entity: string): readonly [ServiceName, number] {
  const [, name = '', number = '1'] = /^replica\/([a-z]+)-(\d+)$/.exec(entity) ?? [];
  return [SERVICES.find((service) => service === name) ?? 'gateway', Number(number)];
}

/** Everything that changes while an incident runs. */
interface Course {
  readonly cluster: Cluster;
  observer: Observer;
  signs: readonly Sign[];
  age: number;
}

const copyCourse = (course: Course): Course => ({ ...course, cluster: copyCluster(course.cluster) });

class Incident implements SimulatedIncident {
  readonly id: string;
  readonly fault: FaultPlan;
  readonly #random: Random;
  readonly #options: Settled;
  readonly #startMs: number;
  readonly #course: Course;
  #noticed: { readonly after: number; readonly openedAt: number };
  #tried: readonly TriedAction[] = [];
  #root: Suspect | null = null;

  constructor(made: Incident | { readonly index: number; readonly options: Settled }) {
    if (made instanceof Incident) {
      this.id = made.id;
      this.fault = made.fault;
      this.#random = made.#random;
      this.#options = made.#options;
      this.#startMs = made.#startMs;
      this.#course = copyCourse(made.#course);
      this.#noticed = made.#noticed;
      this.#tried = made.#tried;
      this.#root = made.#root;
      return;
    }
    const { index, options } = made;
    this.id = `sim-${index}`;
    this.#options = options;
    this.#random = createRandom(options.seed).fork(index);
    const draws = this.#random.fork('plan');
    this.fault = options.plan ?? drawFault(draws);
    this.#startMs = EPOCH_MS + index * APART_MS;
    const cluster = createCluster(Math.floor(draws.next() * RULES.dayS));
    for (let i = 0; i < CALM_S; i++) tick(cluster);
    cluster.requests = 0;
    cluster.failed = 0;
    this.#course = { cluster, observer: createObserver(cluster), signs: [], age: 0 };
    beginFault(cluster, this.fault);
    while (this.#root === null && this.#course.age < options.faultS) {
      this.#pass(this.#course);
      if (this.#course.signs.length > 0) this.#root = this.#look();
    }
    this.#noticed = { after: this.#course.age, openedAt: cluster.second };
  }

  get time(): number {
    return this.#startMs + this.#course.age * 1000;
  }

  get noticedAfterS(): number {
    return this.#noticed.after;
  }

  get over(): boolean {
    return this.#course.age >= this.#options.faultS || this.#root === null;
  }

  get lostMinutes(): number {
    const { requests, failed } = this.#course.cluster;
    return requests === 0 ? 0 : ((failed / requests) * this.#course.age) / MINUTE_S;
  }

  context(): PolicyContext {
    const { cluster, signs } = this.#course;
    const root = this.#root ?? NOBODY;
    return contextOf({ cluster, signs, root, openedAt: this.#noticed.openedAt, tried: this.#tried });
  }

  options(): readonly SimulatedOption[] {
    const seen = this.#seen();
    const subject = subjectOf(seen);
    const evidence = new Map(evidenceAt(seen).map(({ entity, words }) => [entity, words]));
    return LAB_ACTIONS.map((action) => {
      const target = targetOf(definitionOf(action), subject);
      const entity = target ?? subject.root;
      return {
        action,
        entity,
        fits: target !== null,
        disruption: ACTION_DISRUPTION[action],
        evidence: evidence.get(entity) ?? [],
      };
    });
  }

  act(action: LabAction | null): SimulatedStep {
    const causes = this.#course.signs.filter(({ cause }) => cause);
    const before = causes.length > 0 ? causes : this.#course.signs;
    const without = action === null ? null : copyCourse(this.#course);
    if (action !== null) applyAction(this.#course.cluster, this.#call(action));
    const from = this.#course.age;
    const lost = this.#settle(this.#course);
    const lostWithout = without === null ? lost : this.#settle(without);
    const minutes = (this.#course.age - from) / MINUTE_S;
    const judging = this.#random.fork(`verdict ${this.#course.age} ${this.#tried.length}`);
    const verdict = verdictOf({ before, after: this.#course.signs, lost, lostWithout }, judging);
    if (action !== null) this.#tried = [...this.#tried, { action, verdict }];
    this.#root = this.#look();
    return { verdict, minutes, lostMinutes: lost * minutes, lostMinutesWithout: lostWithout * minutes };
  }

  copy(): SimulatedIncident {
    return new Incident(this);
  }

  #seen() {
    const { cluster, signs } = this.#course;
    return { cluster, signs, root: this.#root ?? NOBODY };
  }

  /** What an action would be carried out on: whoever names a replica means its service. Load is shed at the door, whoever suffers. */
  #call(action: LabAction): ActionCall {
    if (action === 'shed-load') return { action, service: 'gateway', replica: null };
    const subject = subjectOf(this.#seen());
    const entity = targetOf(definitionOf(action), subject) ?? subject.root;
    const [service, replica] = placeOf(entity);
    return { action, service, replica: ACTION_TARGET[action] === 'replica' ? replica : null };
  }

  #look(): Suspect | null {
    return suspect(this.#course.signs, this.#random.fork(`root ${this.#course.age}`));
  }

  /** One settle window; gives the share of requests lost in it. */
  #settle(course: Course): number {
    const { requests, failed } = course.cluster;
    const end = Math.min(this.#options.faultS, course.age + this.#options.settleS);
    while (course.age < end) this.#pass(course);
    const made = course.cluster.requests - requests;
    return made === 0 ? 0 : (course.cluster.failed - failed) / made;
  }

  /** One second. What is drawn depends on the second alone, so that two courses of one incident meet the same chances. */
  #pass(course: Course): void {
    const random = this.#random.fork(course.age);
    course.age++;
    growFault(course.cluster, this.fault, course.age, random);
    tick(course.cluster);
    if (course.age % LOOK_S === 0) [course.observer, course.signs] = look(course.observer, course.cluster, random);
  }
}

/**
 * The lab in virtual time: same services, faults and actions, as flows of requests a second rather than single ones. For learning
 * curves and tests of off-policy estimates; what comes out of it is a simulation and is to be called that.
 */
export function createSimulator({ seed, settleS = 30, faultS = RULES.faultS, plan }: SimulatorOptions): Simulator {
  const options = { seed, settleS, faultS, plan: plan ?? null };
  return {
    incident(index) {
      const made = new Incident({ index, options });
      return made.over ? null : made;
    },
  };
}
