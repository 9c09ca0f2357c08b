import type { Bus, Delivery, Subscription } from '../bus/bus.ts';
import type { ActionMode, Outcome, Recommendation, Verdict } from '../model/action.ts';
import { type ActionDefinition, targetOf } from '../model/action-definition.ts';
import type { EntityId } from '../model/entity.ts';
import type { Incident } from '../model/incident.ts';
import { phrase } from '../model/phrase.ts';
import type { Service } from '../model/service.ts';
import { topics } from '../model/topics.ts';
import type { Clock } from '../runtime/clock.ts';
import { stableId } from '../runtime/ids.ts';
import type { Log } from '../runtime/log.ts';
import type { Metrics } from '../runtime/metrics.ts';
import { createTurns } from '../runtime/turns.ts';
import type { Store } from '../store/store.ts';
import { rankActions, type RankingFacts, type Tally } from './rank-actions.ts';

export interface RecommendDeps {
  readonly bus: Bus;
  readonly store: Pick<Store, 'incidents' | 'recommendations' | 'outcomes' | 'runs'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly catalogue: readonly ActionDefinition[];
  /** Mode in force of an action, and whether the kill switch is on. */
  readonly modeOf: (action: ActionDefinition) => ActionMode;
  readonly stopped: () => boolean;
}

const POLICY = { kind: 'beta', version: '1' } as const;
const MAX_OUTCOMES = 200;

/** Recommends actions for every open incident, and anew when what speaks for them has changed. */
class RecommendStage implements Service {
  readonly name = 'recommend';
  readonly #deps: RecommendDeps;
  readonly #turns = createTurns();
  #subscriptions: readonly Subscription[] = [];

  constructor(deps: RecommendDeps) {
    this.#deps = deps;
  }

  async start(): Promise<void> {
    const { bus } = this.#deps;
    this.#subscriptions = await Promise.all([
      bus.subscribe(topics.incidents, 'recommend', (batch) => this.#turns(() => this.#incidents(batch))),
      bus.subscribe(topics.outcomes, 'recommend', (batch) => this.#turns(() => this.#outcomes(batch))),
    ]);
  }

  async stop(): Promise<void> {
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
    if (incident.state !== 'open') return;
    const actions = rankActions(incident, await this.#facts(incident));
    const before = await store.recommendations.forIncident(incident.id);
    if (actions.length === 0 && before === null) return;
    const id = stableId('recommendation', incident.id, JSON.stringify(actions.map(essence)));
    if (before?.id === id) return;
    const made: Recommendation = {
      id,
      incident: incident.id,
      fleet: incident.fleet,
      time: clock.now(),
      actions,
      policy: POLICY,
      reason: phrase('recommend.ranked', { count: actions.length }),
    };
    await store.recommendations.upsert(made);
    await bus.publish(topics.recommendations, [{ key: made.fleet, value: made }]);
    metrics.counter('vigia_recommend_recommendations_total', 'Recommendations made').inc();
    log.info(
      { incident: incident.id, first: actions[0]?.action ?? null, actions: actions.length },
      'actions are recommended',
    );
  }

  async #facts(incident: Incident): Promise<RankingFacts> {
    const { store, clock, catalogue, modeOf, stopped } = this.#deps;
    const fitting = catalogue.flatMap((action) => {
      const entity = targetOf(action, incident);
      return entity === null ? [] : [{ action: action.id, entity }];
    });
    const [tallies, here, starts] = await Promise.all([
      store.outcomes.tally(),
      store.outcomes.list({ incident: incident.id, limit: MAX_OUTCOMES, cursor: null }),
      Promise.all(fitting.map((pair) => store.runs.lastStart(pair))),
    ]);
    const lastStarts = new Map(fitting.map(({ action, entity }, i) => [`${action} ${entity}`, starts[i] ?? null]));
    const counts = new Map<string, Partial<Record<Verdict, number>>>();
    for (const { action, entityKind, verdict, count } of tallies) {
      const key = `${action} ${entityKind}`;
      counts.set(key, { ...counts.get(key), [verdict]: count });
    }
    return {
      now: clock.now(),
      catalogue,
      modeOf,
      stopped: stopped(),
      tally: (action, kind): Tally => counts.get(`${action} ${kind}`) ?? {},
      lastStart: (action: string, entity: EntityId) => lastStarts.get(`${action} ${entity}`) ?? null,
      triedHere: (action) => here.items.filter((outcome) => outcome.action === action).map(({ verdict }) => verdict),
    };
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
}: Recommendation['actions'][number]): unknown => [
  action,
  entity,
  tried,
  resolved,
  mode,
  blocked?.key ?? null,
  reasons.map(({ key }) => key),
];

export const createRecommendStage = (deps: RecommendDeps): Service => new RecommendStage(deps);
