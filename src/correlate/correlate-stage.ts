import type { Bus, Delivery, Owns, SubscribeOptions, Subscription } from '../bus/bus.ts';
import type { Outcome } from '../model/action.ts';
import { type AlertBudget, type AlertPots, type AlertSubject, fleetPots } from '../model/alert.ts';
import type { Anomaly } from '../model/anomaly.ts';
import type { Event } from '../model/event.ts';
import type { Incident } from '../model/incident.ts';
import type { Prediction } from '../model/prediction.ts';
import type { Service } from '../model/service.ts';
import { topics } from '../model/topics.ts';
import type { TopologyGraph } from '../model/topology-graph.ts';
import type { Clock } from '../runtime/clock.ts';
import { every } from '../runtime/every.ts';
import { createFirst } from '../runtime/first.ts';
import type { Log } from '../runtime/log.ts';
import type { Metrics } from '../runtime/metrics.ts';
import { createTurns } from '../runtime/turns.ts';
import type { Store } from '../store/store.ts';
import type { Grants } from './alert-budget.ts';
import { reserveGrants } from './budget/reserve.ts';
import { Correlation, CORRELATION_DEFAULTS, type CorrelationOptions } from './correlation.ts';
import { tell, recordOf } from './incident-record.ts';
import { recallSigns, signsInMind } from './recall.ts';
import { anomalySignal, predictionSignal, type Signal } from './signal.ts';
import { type DeployGrace, SilenceKeeper } from './silence-keeper.ts';
import { TopologyKeeper, type TopologyOptions } from './topology-keeper.ts';

export interface CorrelateDeps {
  readonly bus: Bus;
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  /** The budget in force; asked each time, since its counts may be changed while it runs. */
  readonly alertBudget: () => AlertBudget;
  /** Whose budget an alert is taken from; by default the fleet's. Asked each time. */
  readonly potsOf?: (subject: AlertSubject) => AlertPots;
  readonly options?: Partial<CorrelationOptions>;
  /** What the owner says of the topology; by default nothing. */
  readonly topology?: TopologyOptions;
  /** Events that open maintenance windows; by default none. */
  readonly deployGrace?: DeployGrace;
  /**
   * Group in which it reads events, which go by entity: one of this process alone when several correlate, so that each
   * hears of every fleet. By default that of the stage.
   */
  readonly eventsGroup?: string;
  /** How often quiet incidents are looked for, ms; default 1000. */
  readonly tickMs?: number;
  /** How long a predicted failure that has come true keeps its incident open, ms; default one hour. */
  readonly happenedHoldMs?: number;
}

const MAX_OPEN = 10_000;
/** Resolved incidents looked at on a start, for those that may still be opened again. */
const MAX_RECENT = 200;
/** Events read from the store when fleets come to this process: what changed shortly before trouble began. */
const EVENTS_MS = 15 * 60_000;
const RECENT_EVENTS = { limit: 200, cursor: null } as const;
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/**
 * Groups anomalies and predictions into incidents and keeps them within the alert budget. Everything it knows follows
 * from stored incidents and their signs, so a restart reads these and goes on.
 */
export class CorrelateStage implements Service {
  readonly name = 'correlate';
  /** As it was last read; null before. */
  topology: TopologyGraph | null = null;
  readonly #deps: CorrelateDeps;
  readonly #correlation: Correlation;
  readonly #holdMs: number;
  readonly #end = new AbortController();
  readonly #topology: TopologyKeeper;
  readonly #silences: SilenceKeeper;
  #subscriptions: Subscription[] = [];
  #loop: Promise<void> = Promise.resolve();
  /** Topics arrive side by side, but the grouping takes one batch at a time. */
  readonly #turns = createTurns();

  constructor(deps: CorrelateDeps) {
    this.#deps = deps;
    this.#holdMs = deps.happenedHoldMs ?? HOUR;
    this.#correlation = new Correlation({ ...CORRELATION_DEFAULTS, ...deps.options });
    this.#topology = new TopologyKeeper({ ...deps, options: deps.topology ?? { rules: [], forgetMs: DAY } });
    this.#silences = new SilenceKeeper({ ...deps, grace: deps.deployGrace ?? { events: [], durationMs: 0 } });
  }

  async start(): Promise<void> {
    const { bus, clock } = this.#deps;
    await this.#lookAround();
    this.#countOpen();
    const ready = createFirst();
    // Partitions of the topics that go by fleet come and go together; those of the anomalies say which fleets are here.
    const fleets: SubscribeOptions = {
      onAssigned: (owns) => this.#takeOver(owns).then(ready.done),
      onRevoked: (owns) => this.#turns(async () => this.#handOver(owns)),
    };
    const events = this.#deps.eventsGroup ?? this.name;
    this.#subscriptions = [
      await bus.subscribe(topics.anomalies, this.name, (batch) => this.#anomalies(batch), fleets),
      await bus.subscribe(topics.predictions, this.name, (batch) => this.#predictions(batch)),
      await bus.subscribe(topics.events, events, (batch) => this.#events(batch), { from: 'latest' }),
      await bus.subscribe(topics.outcomes, this.name, (batch) => this.#outcomes(batch)),
    ];
    this.#loop = this.#ticks();
    await ready.soon(clock);
  }

  async stop(): Promise<void> {
    this.#end.abort();
    await Promise.all(this.#subscriptions.map((subscription) => subscription.stop()));
    await this.#loop;
  }

  /** Messages waiting, for the status page. */
  lag(): number {
    return this.#subscriptions.reduce((sum, subscription) => sum + subscription.lag(), 0);
  }

  /** Resolves what is quiet, as the loop does every second. */
  tick(): Promise<void> {
    return this.#inTurn(async () => {
      await this.#lookAround();
      this.#correlation.tick(this.#deps.clock.now());
    });
  }

  /** Takes in what changed in the topology. */
  async #lookAround(): Promise<void> {
    const topology = await this.#topology.news();
    if (topology === null) return;
    this.topology = topology;
    this.#correlation.setTopology(topology);
  }

  #anomalies(batch: readonly Delivery<Anomaly>[]): Promise<void> {
    return this.#inTurn(() => this.#take(batch.map(({ value }) => anomalySignal(value))));
  }

  #predictions(batch: readonly Delivery<Prediction>[]): Promise<void> {
    return this.#inTurn(() => this.#take(batch.map(({ value }) => predictionSignal(value, this.#holdMs))));
  }

  #events(batch: readonly Delivery<Event>[]): Promise<void> {
    return this.#inTurn(async () => {
      const now = this.#deps.clock.now();
      for (const { value } of batch) {
        await this.#silences.onEvent(value);
        this.#correlation.takeEvent(value, now);
      }
    });
  }

  #outcomes(batch: readonly Delivery<Outcome>[]): Promise<void> {
    return this.#inTurn(async () => {
      for (const { value } of batch) {
        if (!this.#correlation.takeOutcome(value)) await this.#tellStored(value);
      }
    });
  }

  /** An outcome that comes after its incident was forgotten still belongs to its story. */
  async #tellStored(outcome: Outcome): Promise<void> {
    if (outcome.incident === null) return;
    const incident = await this.#deps.store.incidents.get(outcome.incident);
    if (incident === null) return;
    const { mergedInto } = incident;
    if (mergedInto !== undefined && mergedInto !== incident.id) {
      const followed = { ...outcome, incident: mergedInto };
      if (!this.#correlation.takeOutcome(followed)) await this.#tellStored(followed);
    }
    const record = recordOf(incident, false);
    const { decidedAt: time, entity, id: ref, reason: text } = outcome;
    tell(record, { time, entity, ref, type: 'outcome', text });
    if (record.dirty) await this.#publish([{ ...record.incident, updatedAt: this.#deps.clock.now() }]);
  }

  async #take(signals: readonly Signal[]): Promise<void> {
    for (const signal of signals) {
      const now = this.#deps.clock.now();
      if (this.#correlation.wouldOpen(signal, now)) await this.#recall(signal);
      this.#correlation.take(signal, now);
    }
  }

  /** Before an incident is opened: has this sign one in the store already? So a replay opens nothing a second time. */
  async #recall(signal: Signal): Promise<void> {
    const { items } = await this.#deps.store.incidents.list({ entity: signal.entity, limit: 20, cursor: null });
    const owner = items.find(
      ({ id, anomalies, predictions }) =>
        !this.#correlation.has(id) && (anomalies.includes(signal.id) || predictions.includes(signal.id)),
    );
    if (owner !== undefined) await this.#remember(owner);
  }

  /** One at a time: does the work, then stores and publishes what it changed. */
  #inTurn(work: () => Promise<void>): Promise<void> {
    return this.#turns(async () => {
      await work();
      await this.#flush();
    });
  }

  async #flush(): Promise<void> {
    const now = this.#deps.clock.now();
    // In a storm the same asks come again and again, refused before.
    const news = this.#correlation.asks().some(({ refused }) => !refused);
    this.#correlation.setSilences(await this.#silences.active(news));
    const changed = this.#correlation.flush(now, await this.#grants(now));
    if (changed.length === 0) return;
    await this.#publish(changed);
    this.#correlation.acknowledge(changed);
    this.#countOpen();
  }

  #countOpen(): void {
    const { metrics } = this.#deps;
    metrics.gauge('vigia_correlate_open_incidents', 'Incidents open now.').set(this.#correlation.open);
  }

  async #publish(incidents: readonly Incident[]): Promise<void> {
    await this.#deps.store.incidents.upsert(incidents);
    await this.#deps.bus.publish(
      topics.incidents,
      incidents.map((value) => ({ key: value.fleet, value })),
    );
    const { log, metrics } = this.#deps;
    metrics.counter('vigia_correlate_incident_changes_total', 'Changes of incidents published.').inc(incidents.length);
    for (const { id, state, severity, root, title } of incidents) {
      log.info({ incident: id, state, severity, root, title: title.key }, 'incident changed');
    }
  }

  /** Reserved in the store before anything is said, so that no other process can take the same alert. */
  #grants(now: number): Promise<Grants> {
    const { alertBudget, potsOf = () => fleetPots(alertBudget()), store } = this.#deps;
    return reserveGrants(this.#correlation.asks(), { alerts: store.alerts, potsOf, now });
  }

  /** What has come to this process: stored incidents with their signs, then what is open and was not yet grouped. */
  async #takeOver(owns: Owns): Promise<void> {
    await this.#turns(async () => {
      await this.#restore(owns);
      this.#countOpen();
    });
    const signals = (await signsInMind(this.#deps.store, this.#holdMs)).filter(({ fleet }) => owns(fleet));
    await this.#inTurn(() => this.#take(signals));
  }

  #handOver(owns: Owns): void {
    this.#correlation.drop(owns);
    this.#countOpen();
  }

  async #restore(owns: Owns): Promise<void> {
    const { store, clock, log } = this.#deps;
    const now = clock.now();
    const { items: events } = await store.events.list({ ...RECENT_EVENTS, range: { from: now - EVENTS_MS, to: now } });
    for (const event of events.toReversed()) if (owns(event.fleet)) this.#correlation.takeEvent(event, now);
    const open = (await store.incidents.open(MAX_OPEN)).filter(({ fleet }) => owns(fleet));
    const recent = await store.incidents.list({ state: 'resolved', limit: MAX_RECENT, cursor: null });
    const since = now - (this.#deps.options?.reopenMs ?? CORRELATION_DEFAULTS.reopenMs);
    for (const incident of recent.items)
      if (owns(incident.fleet) && (incident.resolvedAt ?? 0) > since) await this.#remember(incident);
    for (const incident of open) await this.#remember(incident);
    // What died between storing and publishing is published now; whoever knows it already sees no change in it.
    if (open.length > 0) {
      await this.#deps.bus.publish(
        topics.incidents,
        open.map((value) => ({ key: value.fleet, value })),
      );
      log.info({ incidents: open.length }, 'open incidents taken up again');
    }
  }

  async #remember(incident: Incident): Promise<void> {
    this.#correlation.restore(incident, await recallSigns(this.#deps.store, incident, this.#holdMs));
  }

  async #ticks(): Promise<void> {
    const { clock, log, tickMs = 1000 } = this.#deps;
    await every(tickMs, () => this.tick(), {
      clock,
      signal: this.#end.signal,
      failed: ({ message }) => log.error({ error: message }, 'incidents could not be brought up to date; tried again'),
    });
  }
}

export const createCorrelateStage = (deps: CorrelateDeps): CorrelateStage => new CorrelateStage(deps);
