import { loadSequenceModel } from '../ml/sequence-model.ts';
import { type EntityId, parseEntityId } from '../model/entity.ts';
import type { Model } from '../model/failure.ts';
import {
  eventOf,
  eventsOf,
  JOINED_PATTERNS,
  joinedPairs,
  type LogSequence,
  SEQUENCE_ARTEFACT,
} from '../model/log-sequence.ts';
import type { SequenceTrainer } from '../model/trainer.ts';
import type { Clock } from '../runtime/clock.ts';
import { toError } from '../runtime/errors.ts';
import type { Log } from '../runtime/log.ts';
import type { Metrics } from '../runtime/metrics.ts';
import type { Page, Store, TimeRange } from '../store/store.ts';
import { abnormalRanges, falseAlarms } from './abnormal-ranges.ts';
import { modelsByScope, registerModel } from './register-model.ts';

export interface SequenceTrainingDeps {
  readonly store: Pick<Store, 'logs' | 'checkpoints' | 'anomalies' | 'failures' | 'feedback' | 'models'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly trainer: SequenceTrainer;
  readonly options: {
    /** Length of the history that is learnt from, ms. */
    readonly windowMs: number;
    /** A model is trained anew after so long, ms. */
    readonly retrainMs: number;
  };
  /** Called when a new model serves. */
  readonly onTrained: () => void;
}

interface Scope {
  /** An entity, or an entity kind. */
  readonly scope: string;
  readonly entities: readonly EntityId[];
  /** Samples that there are of them. */
  readonly sessions: number;
}

/** A fifth of these is held out, and one in a hundred must be told apart in it. */
const LEAST_SESSIONS = 500;
const MOST_SESSIONS = 20_000;
/** Entities with a model of their own, those with most sessions, and siblings that a kind learns from. */
const MOST_OWN = 200;
const MOST_SIBLINGS = 64;
/** A young model is trained anew when there are so many times the sessions that it knew. */
const GROWTH = 2;
const PAGE = 1000;
/** Pages read between two looks at whether to stop; each is a statement of its own. */
const MOST_PAGES = MOST_SESSIONS / PAGE;

/** An entity's own model where there is enough to learn from, and one of its kind for those that are new. */
function scopesOf(sampled: readonly { readonly entity: EntityId; readonly sessions: number }[]): readonly Scope[] {
  const own = sampled
    .filter(({ sessions }) => sessions >= LEAST_SESSIONS)
    .slice(0, MOST_OWN)
    .map(({ entity, sessions }) => ({ scope: entity, entities: [entity], sessions }));
  const kinds = new Map<string, (typeof sampled)[number][]>();
  for (const one of sampled) {
    const { kind } = parseEntityId(one.entity);
    kinds.set(kind, [...(kinds.get(kind) ?? []), one]);
  }
  const shared = [...kinds]
    .filter(([, all]) => all.length > 1)
    .map(([scope, all]) => {
      const some = all.slice(0, MOST_SIBLINGS);
      return {
        scope,
        entities: some.map(({ entity }) => entity),
        sessions: some.reduce((sum, { sessions }) => sum + sessions, 0),
      };
    })
    .filter(({ sessions }) => sessions >= LEAST_SESSIONS);
  return [...own, ...shared];
}

/**
 * Trains models of the order of log lines on schedule: as soon as there are enough sessions, again whenever these have
 * doubled or patterns that a model knows were joined, then at a fixed interval. It learns from sessions at which nothing was abnormal.
 */
export class SequenceTraining {
  readonly #deps: SequenceTrainingDeps;
  /** Patterns that the model in force of a scope knows. */
  readonly #known = new Map<string, { readonly model: string; readonly events: ReadonlySet<number> }>();
  /** How many samples a scope had when there were too few normal ones among them. */
  readonly #tried = new Map<string, number>();

  constructor(deps: SequenceTrainingDeps) {
    this.#deps = deps;
  }

  /** Trains every scope whose time has come, one after the other; returns how many new models serve. */
  async round(signal: AbortSignal): Promise<number> {
    const { store, clock, options, onTrained } = this.#deps;
    const now = clock.now();
    const range = { from: now - options.windowMs, to: now + 1 };
    const scopes = scopesOf(await store.logs.sampledEntities(range));
    this.#forgetAllBut(new Set(scopes.map(({ scope }) => scope)));
    if (scopes.length === 0) return 0;
    const models = await modelsByScope(store, SEQUENCE_ARTEFACT);
    const { stage, key } = JOINED_PATTERNS;
    const joined = new Map(joinedPairs((await store.checkpoints.load(stage, key))?.state));
    let served = 0;
    for (const scope of scopes) {
      if (signal.aborted) break;
      const before = models.get(scope.scope) ?? [];
      if (!(await this.#due(scope, before, joined))) continue;
      if (await this.#attempt(scope, { before, joined, range, signal })) served += 1;
    }
    if (served > 0) onTrained();
    return served;
  }

  /** Entities come and go; what is known of those that have gone goes with them. */
  #forgetAllBut(scopes: ReadonlySet<string>): void {
    for (const known of [this.#known, this.#tried])
      for (const scope of known.keys()) if (!scopes.has(scope)) known.delete(scope);
  }

  async #due({ scope, sessions }: Scope, models: readonly Model[], joined: ReadonlyMap<string, string>) {
    const { clock, options } = this.#deps;
    const tried = this.#tried.get(scope);
    if (tried !== undefined && sessions < 1.2 * tried) return false;
    const [last] = models;
    if (last === undefined || clock.now() - last.createdAt >= options.retrainMs) return true;
    if (sessions >= GROWTH * (last.metrics['sessions'] ?? sessions)) return true;
    const events = await this.#eventsOf(scope, last);
    return [...joined.keys()].some((template) => events.has(eventOf(template)));
  }

  async #eventsOf(scope: string, { id }: Model): Promise<ReadonlySet<number>> {
    const known = this.#known.get(scope);
    if (known?.model === id) return known.events;
    const bytes = await this.#deps.store.models.artefact(id);
    let events: ReadonlySet<number> = new Set();
    try {
      if (bytes !== null && bytes.length > 0) events = loadSequenceModel(bytes).events;
    } catch (error) {
      this.#deps.log.warn({ scope, model: id, err: toError(error) }, 'learn: a model of sequences cannot be read');
    }
    this.#known.set(scope, { model: id, events });
    return events;
  }

  /** A failure is told and tried again later; it never stops the other scopes. */
  async #attempt(scope: Scope, round: Round): Promise<boolean> {
    const { log, metrics } = this.#deps;
    let outcome: 'served' | 'too_little' | 'failed' = 'too_little';
    try {
      if (await this.#train(scope, round)) outcome = 'served';
    } catch (error) {
      if (round.signal.aborted) return false;
      outcome = 'failed';
      log.warn({ scope: scope.scope, err: toError(error) }, 'learn: sequences could not be learnt; tried again later');
    }
    if (outcome === 'served') this.#tried.delete(scope.scope);
    else this.#tried.set(scope.scope, scope.sessions);
    metrics
      .counter('vigia_learn_trainings_total', 'Trainings of models, by how they ended.', ['kind', 'outcome'])
      .inc({ kind: SEQUENCE_ARTEFACT, outcome });
    return outcome === 'served';
  }

  async #train(scope: Scope, { before, joined, range, signal }: Round): Promise<boolean> {
    const sequences = await this.#sequences(scope, range, signal);
    if (sequences.length < LEAST_SESSIONS || signal.aborted) return false;
    const sessions = sequences.map(({ templates }) => eventsOf(templates, joined));
    const bytes = await this.#deps.trainer.fit(sessions, signal);
    const { contexts, held, events } = loadSequenceModel(bytes);
    // How many there were to learn from, so that it can be told when these have doubled.
    const metrics = { sessions: scope.sessions, learnt: sessions.length, held, contexts, patterns: events.size };
    await registerModel(this.#deps, {
      kind: SEQUENCE_ARTEFACT,
      scope: scope.scope,
      trained: { bytes, metrics, refused: null },
      trainedFrom: sequences[0]!.end,
      trainedTo: sequences.at(-1)!.end,
      models: before,
    });
    return true;
  }

  /** Normal sessions of a scope in the order of time, a fair share of each entity. */
  async #sequences({ entities }: Scope, range: TimeRange, signal: AbortSignal): Promise<readonly LogSequence[]> {
    const { store } = this.#deps;
    const innocent = await falseAlarms(store);
    const share = Math.floor(MOST_SESSIONS / entities.length);
    const all: LogSequence[] = [];
    for (const entity of entities) {
      if (signal.aborted) return [];
      const without = await abnormalRanges(store, entity, { range, innocent, marginMs: 0 });
      const found = await this.#newest(entity, range, share);
      all.push(...found.filter(({ start, end }) => without.every(({ from, to }) => end < from || start >= to)));
    }
    return all.sort((a, b) => a.end - b.end || (a.id < b.id ? -1 : 1));
  }

  async #newest(entity: EntityId, range: TimeRange, most: number): Promise<readonly LogSequence[]> {
    const found: LogSequence[] = [];
    let cursor: string | null = null;
    for (let page = 0; page < MOST_PAGES && found.length < most; page++) {
      const limit = Math.min(PAGE, most - found.length);
      const { items, next }: Page<LogSequence> = await this.#deps.store.logs.listSequences({
        entity,
        range,
        sampled: true,
        limit,
        cursor,
      });
      found.push(...items);
      if (next === null) break;
      cursor = next;
    }
    return found;
  }
}

interface Round {
  /** Models of the scope so far, newest first. */
  readonly before: readonly Model[];
  readonly joined: ReadonlyMap<string, string>;
  readonly range: TimeRange;
  readonly signal: AbortSignal;
}
