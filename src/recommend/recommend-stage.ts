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
import { every } from '../runtime/every.ts';
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
  readonly modeOf: (action: ActionDefinition, entity: EntityId) => ActionMode;
  readonly stopped: () => boolean;
}

const POLICY = { kind: 'beta', version: '1' } as const;
const MAX_OUTCOMES = 200;
const COOLDOWN = 'recommend.cooldown';
const TICK_MS = 1000;
/** Incidents looked at again by themselves; others when something happens to them. */
const MAX_WAITING = 1000;

/** Recommends actions for every open incident, and anew when what speaks for them has changed. */
class RecommendStage implements Service {
  readonly name = 'recommend';
  readonly #deps: RecommendDeps;
  readonly #turns = createTurns();
  /** Incidents whose recommendation says that something has to wait, and until when; looked at again then. */
  readonly #waiting = new Map<string, number>();
  #subscriptions: readonly Subscription[] = [];
  #end = new AbortController();
  #loop: Promise<void> = Promise.resolve();

  constructor(deps: RecommendDeps) {
    this.#deps = deps;
  }

  async start(): Promise<void> {
    const { bus, clock, log } = this.#deps;
    await this.#restore();
    this.#subscriptions = await Promise.all([
      bus.subscribe(topics.incidents, 'recommend', (batch) => this.#turns(() => this.#incidents(batch))),
      bus.subscribe(topics.outcomes, 'recommend', (batch) => this.#turns(() => this.#outcomes(batch))),
    ]);
    this.#end = new AbortController();
    const failed = ({ message }: Error): void => log.warn({ error: message }, 'recommendations are looked at later');
    this.#loop = every(TICK_MS, () => this.tick(), { clock, signal: this.#end.signal, failed });
  }

  /** Recommends anew where something has waited long enough. */
  async tick(): Promise<void> {
    const now = this.#deps.clock.now();
    const due = [...this.#waiting].filter(([, until]) => until <= now).map(([id]) => id);
    for (const id of due) {
      await this.#turns(async () => {
        const incident = await this.#deps.store.incidents.get(id);
        this.#waiting.delete(id);
        if (incident) await this.#recommend(incident);
      });
    }
  }

  /** What waited when the process before this one ended. */
  async #restore(): Promise<void> {
    const { store } = this.#deps;
    for (const { id } of await store.incidents.open(MAX_WAITING)) {
      const made = await store.recommendations.forIncident(id);
      if (made !== null) this.#wait(made);
    }
  }

  /** A cooldown in a stored recommendation counts from when that was made. */
  #wait({ incident, time, actions }: Recommendation): void {
    const waits = actions.flatMap(({ blocked }) =>
      blocked?.key === COOLDOWN ? [time + 1000 * Number(blocked.values['seconds'])] : [],
    );
    if (waits.length === 0) this.#waiting.delete(incident);
    else if (this.#waiting.size < MAX_WAITING) this.#waiting.set(incident, Math.min(...waits));
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
    const actions = rankActions(incident, await this.#facts(incident));
    const before = await store.recommendations.forIncident(incident.id);
    if (actions.length === 0 && before === null) return;
    const id = stableId('recommendation', incident.id, JSON.stringify(actions.map(essence)));
    const made: Recommendation = {
      id,
      incident: incident.id,
      fleet: incident.fleet,
      time: clock.now(),
      actions,
      policy: POLICY,
      reason: phrase('recommend.ranked', { count: actions.length }),
    };
    // Waits are counted from now, also when nothing else has changed.
    this.#wait(made);
    if (before?.id === id) return;
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

/** `tick` looks at what waited, as the loop does every second. */
export const createRecommendStage = (deps: RecommendDeps): Service & { tick(): Promise<void> } =>
  new RecommendStage(deps);
