import type { Bus, Delivery, Owns, SubscribeOptions, Subscription } from '../bus/bus.ts';
import type { ActionMode, Outcome, Recommendation } from '../model/action.ts';
import type { ActionDefinition } from '../model/action-definition.ts';
import type { EntityId } from '../model/entity.ts';
import type { Incident } from '../model/incident.ts';
import { phrase } from '../model/phrase.ts';
import type { PolicyFactory } from '../model/policy.ts';
import type { Service } from '../model/service.ts';
import { topics } from '../model/topics.ts';
import type { Clock } from '../runtime/clock.ts';
import { stableId } from '../runtime/ids.ts';
import { every } from '../runtime/every.ts';
import { createFirst } from '../runtime/first.ts';
import type { Log } from '../runtime/log.ts';
import type { Metrics } from '../runtime/metrics.ts';
import { createTurns } from '../runtime/turns.ts';
import type { Store } from '../store/store.ts';
import { EvidenceBook } from './evidence-book.ts';
import { POLICIES } from './policies/factories.ts';
import { PolicyBook } from './policy-book.ts';
import { type GuardView, rank, UNSURE } from './rank-actions.ts';
import { gatherRankingFacts } from './ranking-facts.ts';
import { similarCases } from './similar-cases.ts';

export interface RecommendDeps {
  readonly bus: Bus;
  readonly store: Pick<
    Store,
    | 'incidents'
    | 'recommendations'
    | 'outcomes'
    | 'runs'
    | 'predictions'
    | 'events'
    | 'decisions'
    | 'models'
    | 'frames'
    | 'edges'
  >;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly catalogue: readonly ActionDefinition[];
  /** Mode in force of an action, and whether the kill switch is on. */
  readonly modeOf: (action: ActionDefinition, entity: EntityId) => ActionMode;
  readonly stopped: () => boolean;
  /** What all guardrails say of an action now; kill switch, mode and cooldown alone when left out. */
  readonly guard?: (action: string, entity: EntityId, incident: string) => Promise<GuardView>;
  /** Kinds of policies that can be read; those that Vigía comes with when left out. */
  readonly policies?: readonly PolicyFactory[];
  /** How many incidents a day may be used to learn of an action; none when left out. */
  readonly explorationsPerDay?: () => number;
  /** Of frames: what is far from normal is looked for in them, at every entity of an incident; in nothing when left out. */
  readonly stepMs?: number;
  /** How far back a change of the system counts as news, ms; half an hour when left out. */
  readonly newsMs?: number;
}

/** Like cases that are told of, all actions together. */
const MAX_SIMILAR = 10;
const COOLDOWN = 'recommend.cooldown';
/** Objections of guardrails; most pass by themselves. */
const GUARDRAIL = 'act.no_';
const NEWS_MS = 1_800_000;
const LOOK_AGAIN_MS = 30_000;
/** What is not sure yet may be so a moment later. */
const UNSURE_STEPS = 2;
const TICK_MS = 1000;
/** Incidents looked at again by themselves; others when something happens to them. */
const MAX_WAITING = 1000;

/** Recommends actions for every open incident, and anew when what speaks for them has changed. */
class RecommendStage implements Service {
  readonly name = 'recommend';
  readonly #deps: RecommendDeps;
  readonly #turns = createTurns();
  readonly #policies: PolicyBook;
  readonly #evidence: EvidenceBook | null;
  /** Incidents whose recommendation says that something has to wait, and until when; looked at again then. */
  readonly #waiting = new Map<string, { readonly until: number; readonly fleet: string }>();
  #subscriptions: readonly Subscription[] = [];
  #end = new AbortController();
  #loop: Promise<void> = Promise.resolve();

  constructor(deps: RecommendDeps) {
    this.#deps = deps;
    this.#policies = new PolicyBook({ ...deps, factories: deps.policies ?? POLICIES });
    const { stepMs, newsMs = NEWS_MS } = deps;
    this.#evidence = stepMs === undefined ? null : new EvidenceBook({ ...deps, stepMs, newsMs });
  }

  async start(): Promise<void> {
    const { bus, clock, log } = this.#deps;
    const ready = createFirst();
    // Both topics go by fleet, so their partitions come and go together.
    const fleets: SubscribeOptions = {
      onAssigned: (owns) => this.#turns(() => this.#restore(owns)).then(ready.done),
      onRevoked: (owns) => this.#turns(async () => this.#drop(owns)),
    };
    this.#subscriptions = await Promise.all([
      bus.subscribe(topics.incidents, 'recommend', (batch) => this.#turns(() => this.#incidents(batch)), fleets),
      bus.subscribe(topics.outcomes, 'recommend', (batch) => this.#turns(() => this.#outcomes(batch))),
    ]);
    await ready.soon(clock);
    this.#end = new AbortController();
    const failed = ({ message }: Error): void => log.warn({ error: message }, 'recommendations are looked at later');
    this.#loop = every(TICK_MS, () => this.tick(), { clock, signal: this.#end.signal, failed });
  }

  /** Recommends anew where something has waited long enough. */
  async tick(): Promise<void> {
    const now = this.#deps.clock.now();
    const due = [...this.#waiting].filter(([, { until }]) => until <= now).map(([id]) => id);
    for (const id of due) {
      await this.#turns(async () => {
        const incident = await this.#deps.store.incidents.get(id);
        this.#waiting.delete(id);
        if (incident) await this.#recommend(incident);
      });
    }
  }

  /** What waited with the process that had these fleets before. */
  async #restore(owns: Owns): Promise<void> {
    const { store } = this.#deps;
    for (const { id, fleet } of await store.incidents.open(MAX_WAITING)) {
      if (!owns(fleet)) continue;
      const made = await store.recommendations.forIncident(id);
      if (made !== null) this.#wait(made);
    }
  }

  #drop(gone: Owns): void {
    for (const [id, { fleet }] of this.#waiting) if (gone(fleet)) this.#waiting.delete(id);
  }

  /** A cooldown in a stored recommendation counts from when that was made. */
  #wait({ incident, fleet, time, actions }: Recommendation): void {
    const waits = actions.flatMap(({ blocked }) => {
      if (blocked === null) return [];
      if (blocked.key === COOLDOWN) return [time + 1000 * Number(blocked.values['seconds'])];
      if (blocked.key === UNSURE)
        return [time + Math.min(LOOK_AGAIN_MS, UNSURE_STEPS * (this.#deps.stepMs ?? LOOK_AGAIN_MS))];
      return blocked.key.startsWith(GUARDRAIL) ? [time + LOOK_AGAIN_MS] : [];
    });
    if (waits.length === 0) this.#waiting.delete(incident);
    else if (this.#waiting.size < MAX_WAITING) this.#waiting.set(incident, { until: Math.min(...waits), fleet });
  }

  async stop(): Promise<void> {
    this.#end.abort();
    await this.#loop;
    await Promise.all(this.#subscriptions.map((subscription) => subscription.stop()));
  }

  /** Only the newest state of each incident in the batch counts. */
  async #incidents(batch: readonly Delivery<Incident>[]): Promise<void> {
    const newest = new Map(batch.map(({ value }) => [value.id, value]));
    for (const incident of newest.values()) await this.#recommend(incident);
  }

  async #outcomes(batch: readonly Delivery<Outcome>[]): Promise<void> {
    const ids = new Set(batch.flatMap(({ value }) => value.incident ?? []));
    for (const id of ids) {
      const incident = await this.#deps.store.incidents.get(id);
      if (incident) await this.#recommend(incident);
    }
  }

  async #recommend(incident: Incident): Promise<void> {
    const { bus, store, clock, log, metrics } = this.#deps;
    this.#waiting.delete(incident.id);
    if (incident.state !== 'open') return;
    const { policy, version } = await this.#policies.current();
    const facts = await gatherRankingFacts(this.#deps, incident, this.#evidence);
    const ranking = rank(incident, { ...facts, policy });
    const { actions } = ranking;
    const before = await store.recommendations.forIncident(incident.id);
    if (actions.length === 0 && before === null) return;
    const id = stableId('recommendation', incident.id, version, JSON.stringify(actions.map(essence)));
    const made: Recommendation = {
      id,
      incident: incident.id,
      fleet: incident.fleet,
      time: clock.now(),
      actions: [...actions],
      policy: { kind: policy.kind, version },
      reason: phrase('recommend.ranked', { count: actions.length }),
      explores: ranking.explored,
      similar: await similarCases(store, ranking.alike, MAX_SIMILAR),
      considered: [...ranking.considered],
    };
    // Waits are counted from now, also when nothing else has changed.
    this.#wait(made);
    if (before?.id === id) return;
    // What is logged stands before what is told: nothing is done that is not known of.
    const { context, options, chosen, explored } = ranking;
    const { fleet, time } = made;
    await store.decisions.insert({
      id,
      incident: incident.id,
      fleet,
      time,
      policy: made.policy,
      context,
      options,
      chosen,
      explored,
    });
    await store.recommendations.upsert(made);
    await bus.publish(topics.recommendations, [{ key: made.fleet, value: made }]);
    metrics.counter('vigia_recommend_recommendations_total', 'Recommendations made').inc();
    log.info(
      { incident: incident.id, first: actions[0]?.action ?? null, actions: actions.length, policy: version, explored },
      'actions are recommended',
    );
  }
}

/** What makes a recommendation another one. A cooldown that merely counts down does not. */
const essence = ({
  action,
  entity,
  tried,
  resolved,
  mode,
  blocked,
  reasons,
  probability,
}: Recommendation['actions'][number]): unknown => [
  action,
  entity,
  tried,
  resolved,
  mode,
  blocked?.key ?? null,
  // A tenth more or less is news.
  Math.round(10 * probability),
  reasons.map(({ key }) => key),
];

/** `tick` looks at what waited, as the loop does every second. */
export const createRecommendStage = (deps: RecommendDeps): Service & { tick(): Promise<void> } =>
  new RecommendStage(deps);
