// oxlint-disable eslint/max-lines -- the whole port in one place: one short interface an aggregate
import type { ActionMode, Outcome, Recommendation, Run, RunState, Verdict } from '../model/action.ts';
import type { Alert, AlertLine, AlertRequest } from '../model/alert.ts';
import type { Anomaly, Severity } from '../model/anomaly.ts';
import type { EntityQuality, FeatureChoice, Lineage } from '../model/data-quality.ts';
import type { Json } from '../model/detector.ts';
import type { Entity, EntityId } from '../model/entity.ts';
import type { Exemplar } from '../model/exemplar.ts';
import type { Event } from '../model/event.ts';
import type { AuditEntry, Failure, Feedback, Model } from '../model/failure.ts';
import type { Frame, FrameLayout, RollupFrame } from '../model/frame.ts';
import type { Incident } from '../model/incident.ts';
import type { LogExample, LogLevel, LogPattern } from '../model/log-record.ts';
import type { LogSequence } from '../model/log-sequence.ts';
import type { Decision } from '../model/policy.ts';
import type { ModelCheck } from '../model/model-check.ts';
import type { Prediction } from '../model/prediction.ts';
import type { SampleBatch, Series } from '../model/series.ts';
import type { Silence, SilenceState } from '../model/silence.ts';
import type { Edge } from '../model/topology.ts';
import type { DeadLetter } from '../model/topics.ts';

/** One page of a list; `next` is the cursor of the page after it, null on the last. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly next: string | null;
}

/** Every list is read in pages, newest first unless said otherwise; a foreign cursor throws `CURSOR_INVALID`. */
export interface PageQuery {
  /** 1 to 1000. */
  readonly limit: number;
  readonly cursor: string | null;
}

/** Half-open: `from` is included, `to` is not. Unix ms. */
export interface TimeRange {
  readonly from: number;
  readonly to: number;
}

export interface EntityStore {
  /** Inserts what is new and moves `lastSeen` and labels of the rest. */
  upsert(entities: readonly Entity[]): Promise<void>;
  get(id: EntityId): Promise<Entity | null>;
  /** By id, ascending. `search` matches part of the id. */
  list(query: PageQuery & { readonly kind?: string; readonly search?: string }): Promise<Page<Entity>>;
}

export interface SampleStore {
  /**
   * Commits all batches together; a sample that is there already (series and time) is left as it is. Samples that
   * retention would drop at once, or that are more than a day ahead, are neither written nor repeated.
   */
  append(batches: readonly SampleBatch[]): Promise<{ readonly written: number; readonly repeated: number }>;
  /** Samples of one entity in the range, oldest first, at most `limit` samples. */
  read(entity: EntityId, range: TimeRange, limit: number): Promise<SampleBatch>;
  /** Samples newer than each entity's given time (0 for entities not named), as batches in time order, for a restart. */
  replay(after: ReadonlyMap<EntityId, number>, since: number): AsyncIterable<SampleBatch>;
  series(query: PageQuery & { readonly entity?: EntityId }): Promise<Page<Series>>;
}

/**
 * Resolutions in which frames are kept. `expected` is what detect expected, at the cadence it wrote it: `mean` is the
 * expected value, `low` and `high` the ends of the band.
 */
export type Tier = 'step' | 'minute' | 'hour' | 'day' | 'expected';

export type RollupTier = Exclude<Tier, 'step'>;

/** Columns of one entity: `mean[f][i]` is feature `features[f]` at `times[i]`, `NaN` where missing. */
export interface FrameColumns {
  readonly tier: Tier;
  readonly stepMs: number;
  readonly times: Float64Array;
  readonly features: readonly string[];
  readonly mean: readonly Float32Array[];
  /** `low` and `high` equal `mean` in the tier `step`. */
  readonly low: readonly Float32Array[];
  readonly high: readonly Float32Array[];
}

/** Rows of one entity: `values[i * features + f]` at `times[i]`, `NaN` where missing. */
export interface FrameRows {
  readonly times: Float64Array;
  readonly values: Float32Array;
}

export interface FrameStore {
  /** Idempotent by entity and time. Stores values, not derived features: those follow from the values. */
  append(frames: readonly Frame[]): Promise<void>;
  /** Minutes are made of the step frames that are appended too; where the database rolls them up itself, nothing is written. */
  appendRollups(tier: RollupTier, frames: readonly RollupFrame[]): Promise<void>;
  /** Step frames of an entity, oldest first, without derived features (an empty array). */
  replay(entity: EntityId, range: TimeRange, limit: number): Promise<readonly Frame[]>;
  /** Rolled-up frames of an entity, oldest first. */
  rollups(tier: RollupTier, entity: EntityId, range: TimeRange, limit: number): Promise<readonly RollupFrame[]>;
  /** For charts and analysis; `features` null means all. At most `limit` times, the newest ones. */
  columns(query: {
    readonly entity: EntityId;
    readonly tier: Tier;
    readonly range: TimeRange;
    readonly features: readonly string[] | null;
    readonly limit: number;
  }): Promise<FrameColumns>;
  /** Means of many entities at once, by entity, oldest first; entities without a frame in the range are left out. */
  many(query: {
    readonly entities: readonly EntityId[];
    readonly tier: 'minute' | 'hour';
    readonly range: TimeRange;
    readonly features: readonly string[];
  }): Promise<ReadonlyMap<EntityId, FrameRows>>;
  /** Time of the newest step frame of every entity. */
  newest(): Promise<ReadonlyMap<EntityId, number>>;
  /** The layout that an entity's newest frame has. */
  layout(entity: EntityId): Promise<FrameLayout | null>;
}

export interface EventStore {
  /** Idempotent by id. */
  append(events: readonly Event[]): Promise<void>;
  list(query: PageQuery & { readonly entity?: EntityId; readonly range?: TimeRange }): Promise<Page<Event>>;
}

export interface ExemplarStore {
  /** By id: a newer one takes the place of an older one. */
  keep(exemplars: readonly Exemplar[]): Promise<void>;
  /** Newest first. */
  list(
    query: PageQuery & { readonly entity?: EntityId; readonly metric?: string; readonly range?: TimeRange },
  ): Promise<Page<Exemplar>>;
}

export interface LogStore {
  /** By id; what was seen later wins. */
  patterns(patterns: readonly LogPattern[]): Promise<void>;
  /** Patterns that turned out to be others: pairs of ids before and now. Their evidence is that of the others then; may be repeated. */
  mergePatterns(pairs: readonly (readonly [string, string])[]): Promise<void>;
  /** Evidence, by id: a newer one takes the place of an older one. */
  examples(examples: readonly LogExample[]): Promise<void>;
  /** Newest `lastSeen` first; of an entity those that there are lines of. */
  listPatterns(query: PageQuery & { readonly since?: number; readonly entity?: EntityId }): Promise<Page<LogPattern>>;
  /** Newest first; `search` matches part of the text in any case. */
  listExamples(
    query: PageQuery & {
      readonly entity?: EntityId;
      readonly template?: string;
      readonly atLeast?: LogLevel;
      readonly search?: string;
      readonly range?: TimeRange;
    },
  ): Promise<Page<LogExample>>;
  /** Sessions, by id: one that ended later takes the place of an earlier one. */
  keepSequences(sequences: readonly LogSequence[]): Promise<void>;
  /** Newest end first; `atMost` takes those that were judged to be no likelier. */
  listSequences(
    query: PageQuery & {
      readonly entity?: EntityId;
      readonly sampled?: boolean;
      readonly atMost?: number;
      readonly range?: TimeRange;
    },
  ): Promise<Page<LogSequence>>;
  /** Entities with samples to learn from, those with most first, a thousand at most. */
  sampledEntities(range: TimeRange): Promise<readonly { readonly entity: EntityId; readonly sessions: number }[]>;
}

export interface AnomalyStore {
  /** By id; an older `updatedAt` never overwrites a newer one. */
  upsert(anomalies: readonly Anomaly[]): Promise<void>;
  get(id: string): Promise<Anomaly | null>;
  /** Those of the ids that are there, in no order. */
  some(ids: readonly string[]): Promise<readonly Anomaly[]>;
  /** Newest start first; `range` takes all that overlap it. */
  list(
    query: PageQuery & {
      readonly entity?: EntityId;
      readonly range?: TimeRange;
      readonly open?: boolean;
      readonly atLeast?: Severity;
      readonly kind?: Anomaly['kind'];
      /** Only what a threshold of this tail probability would make a warning, or what no threshold decides over. */
      readonly warnsAt?: number;
    },
  ): Promise<Page<Anomaly>>;
  /** Every open anomaly, at most `limit`. */
  open(limit: number): Promise<readonly Anomaly[]>;
  /** How many are open, by entity and severity: what a list of entities needs of a storm. */
  openCounts(): Promise<readonly { readonly entity: EntityId; readonly severity: Severity; readonly count: number }[]>;
}

export interface PredictionStore {
  upsert(predictions: readonly Prediction[]): Promise<void>;
  get(id: string): Promise<Prediction | null>;
  list(
    query: PageQuery & { readonly entity?: EntityId; readonly state?: Prediction['state'] },
  ): Promise<Page<Prediction>>;
  open(limit: number): Promise<readonly Prediction[]>;
}

export interface IncidentStore {
  upsert(incidents: readonly Incident[]): Promise<void>;
  get(id: string): Promise<Incident | null>;
  /** Newest `openedAt` first. */
  list(query: PageQuery & { readonly state?: Incident['state']; readonly entity?: EntityId }): Promise<Page<Incident>>;
  open(limit: number): Promise<readonly Incident[]>;
  /** What was taken from the alert budget since then, by everything together. A warning that turned critical took both. */
  pagedSince(time: number): Promise<{ readonly pages: number; readonly warnings: number }>;
}

export interface AlertStore {
  /**
   * Takes from the pot while there is room, in one step that several processes cannot do at once; true when the
   * incident has the alert, also from an earlier time. Nothing is ever given beyond the count in any window.
   */
  reserve(request: AlertRequest): Promise<boolean>;
  /** How many were taken from a pot since then. */
  used(query: { readonly pot: string; readonly line: AlertLine; readonly since: number }): Promise<number>;
  /** Given since then, newest first, at most `limit`. */
  since(time: number, limit: number): Promise<readonly Alert[]>;
}

/** The topology. An edge is known by its ends and its kind. */
export interface EdgeStore {
  /** Inserts what is new and moves `lastSeen` of the rest. What the configuration says stays the configuration's. */
  upsert(edges: readonly Edge[]): Promise<void>;
  remove(edges: readonly Edge[]): Promise<void>;
  /** Drops edges last seen before then, except those of the configuration; how many. */
  forget(before: number): Promise<number>;
  /** By both ends, ascending. */
  list(
    query: PageQuery & {
      readonly entity?: EntityId;
      readonly kind?: Edge['kind'];
      readonly source?: Edge['source'];
    },
  ): Promise<Page<Edge>>;
  /** Changes whenever an edge came or went. */
  mark(): Promise<string>;
}

export interface SilenceStore {
  /** False when one of this id is there already; then nothing is written. */
  insert(silence: Silence): Promise<boolean>;
  /** Writes it only while the stored one has this `updatedAt`; false when it has not. */
  replace(silence: Silence, known: number): Promise<boolean>;
  get(id: string): Promise<Silence | null>;
  /** Latest `from` first. */
  list(
    query: PageQuery & { readonly state?: { readonly is: SilenceState; readonly at: number } },
  ): Promise<Page<Silence>>;
  /** Those in force at a time, at most `limit`. */
  active(now: number, limit: number): Promise<readonly Silence[]>;
  overlapping(range: TimeRange, limit: number): Promise<readonly Silence[]>;
}

export interface RecommendationStore {
  upsert(recommendation: Recommendation): Promise<void>;
  get(id: string): Promise<Recommendation | null>;
  /** The newest one for an incident. */
  forIncident(incident: string): Promise<Recommendation | null>;
  list(query: PageQuery): Promise<Page<Recommendation>>;
}

/** Setting with the time (`resetAt`) at which a person last closed the circuit breaker. */
export const BREAKER_SETTING = 'act.breaker';

/** A run that is under way, or has ended and is not settled yet. */
export interface BusyRun {
  readonly run: string;
  readonly action: string;
  readonly entity: EntityId;
  readonly incident: string | null;
  readonly running: boolean;
}

export interface RunSurveyQuery {
  readonly action: string;
  readonly entity: EntityId;
  readonly fleet: string;
  readonly now: number;
}

/** What runs so far, of every process, mean for the next one. Times are newest starts, null when there was none. */
export interface RunSurvey {
  readonly busy: readonly BusyRun[];
  readonly lastHere: number | null;
  readonly lastOfAction: number | null;
  /** Of what Vigía asked for in this fleet. */
  readonly lastOfFleet: number | null;
  /** Disruption of what Vigía asked for within a day. */
  readonly spent: number;
  /** A run that Vigía asked for and that did harm since the circuit breaker was last reset. */
  readonly harmful: string | null;
  /** Runs that Vigía asked for that came to nothing since one helped. */
  readonly failures: number;
}

/** A start that is decided and written in one step that no two processes can do at once. */
export interface RunStart {
  readonly query: RunSurveyQuery;
  readonly lease: {
    /** The process that carries it out. */
    readonly holder: string;
    readonly incident: string | null;
    /** Whether Vigía asked for it. */
    readonly automatic: boolean;
    readonly cost: number;
    readonly settleMs: number;
  };
  /** States of the stored run that it may start from; null for a run that is not there yet. */
  readonly from: readonly RunState[] | null;
  /** The run as it starts, or null when it may not; called while nobody else can start anything, so it must be quick. */
  readonly decide: (survey: RunSurvey) => Run | null;
}

export interface RunStore {
  /** False when a run of this id is there already; then nothing is written. */
  insert(run: Run): Promise<boolean>;
  /** Writes the run only while its stored state is one of `from`; false when it is not. One winner under concurrency. */
  transition(run: Run, from: readonly RunState[]): Promise<boolean>;
  get(id: string): Promise<Run | null>;
  list(
    query: PageQuery & { readonly state?: RunState; readonly incident?: string; readonly entity?: EntityId },
  ): Promise<Page<Run>>;
  survey(query: RunSurveyQuery): Promise<RunSurvey>;
  /** The run that was started, with a token that only grows; null when `decide` said so or another was quicker. */
  begin(start: RunStart): Promise<{ readonly run: Run; readonly token: number } | null>;
  /** Writes the end of a run that is under way; false when it is not. */
  finish(run: Run): Promise<boolean>;
  /** Says that this holder is there, and gives the runs that are still its own. */
  renew(holder: string, now: number): Promise<readonly string[]>;
  /**
   * Runs under way that nobody carries out any more: of another holder than `mine` when `alone`, otherwise of one that
   * was not heard of within `lapseMs` of now, in either direction.
   */
  lost(query: {
    readonly mine: string;
    readonly alone: boolean;
    readonly now: number;
    readonly lapseMs: number;
    readonly limit: number;
  }): Promise<readonly Run[]>;
  /** The newest start of a real run of this action, or of any action, on this entity; null when there was none. */
  lastStart(query: { readonly entity: EntityId; readonly action?: string }): Promise<number | null>;
}

export interface OutcomeStore {
  /** Idempotent by id. */
  insert(outcome: Outcome): Promise<void>;
  list(query: PageQuery & { readonly incident?: string; readonly action?: string }): Promise<Page<Outcome>>;
  forRun(run: string): Promise<Outcome | null>;
  /** Verdicts so far, by action and entity kind. */
  tally(): Promise<
    readonly {
      readonly action: string;
      readonly entityKind: string;
      readonly verdict: Outcome['verdict'];
      readonly count: number;
    }[]
  >;
}

/** A run for an incident, with what was known when it was chosen. */
export interface CaseRow {
  readonly run: string;
  readonly incident: string;
  readonly action: string;
  readonly entity: EntityId;
  /** Whether Vigía asked for it. */
  readonly automatic: boolean;
  readonly startedAt: number;
  readonly verdict: Verdict;
  readonly decidedAt: number;
  /** When the incident was over; null while it is open. */
  readonly resolvedAt: number | null;
  readonly decision: Decision | null;
}

export interface DecisionStore {
  /** Idempotent by id. */
  insert(decision: Decision): Promise<void>;
  get(id: string): Promise<Decision | null>;
  /** Incidents on which something was explored since then, without one of them. */
  explored(since: number, without: string | null): Promise<number>;
  /** Judged runs that were started since then, oldest first; of more than `limit` the newest. */
  cases(since: number, limit: number): Promise<readonly CaseRow[]>;
}

/** An incident as a report of what acting was worth counts it. */
export interface IncidentSpan {
  readonly id: string;
  readonly entityKind: string;
  readonly openedAt: number;
  readonly resolvedAt: number | null;
  /** Whether anything was carried out for it. */
  readonly acted: boolean;
  /** Whether an action was recommended that could have been carried out. */
  readonly recommended: boolean;
}

export interface RunCount {
  readonly action: string;
  readonly automatic: boolean;
  /** Null while it is not judged. */
  readonly verdict: Verdict | null;
  readonly count: number;
}

export interface ValueStore {
  /** Opened in the range, newest first, at most `limit`. */
  incidents(range: TimeRange, limit: number): Promise<readonly IncidentSpan[]>;
  /** Started in the range. */
  runs(range: TimeRange): Promise<readonly RunCount[]>;
}

/** Where an action stands on one kind of entity. */
export interface LadderStep {
  readonly action: string;
  readonly entityKind: string;
  readonly level: ActionMode;
  readonly since: number;
  readonly reason: 'proven' | 'harmed' | 'person';
  /** The run whose outcome moved it, or who did. */
  readonly run: string;
}

export interface LadderStore {
  get(action: string, entityKind: string): Promise<LadderStep | null>;
  all(): Promise<readonly LadderStep[]>;
  /**
   * Writes the step unless the stored one is of the same run or newer, or harm was done since that one and the step says that
   * benefit is proven; false then.
   */
  move(step: LadderStep): Promise<boolean>;
  /** Verdicts on runs that were started since then. */
  evidence(
    action: string,
    entityKind: string,
    since: number,
  ): Promise<readonly { readonly verdict: Verdict; readonly count: number }[]>;
  /** Of incidents whose root is of this kind and on which nothing was done: all, and those over within `withinMs`. */
  untouched(entityKind: string, withinMs: number): Promise<{ readonly all: number; readonly over: number }>;
  /** The same of those opened since then for which this action was thought of: what watching it has shown. */
  watched(query: {
    readonly action: string;
    readonly entityKind: string;
    readonly withinMs: number;
    readonly since: number;
  }): Promise<{ readonly all: number; readonly over: number }>;
  /** Kinds of the roots of incidents for which this action was thought of. */
  kindsOf(action: string): Promise<readonly string[]>;
}

export interface FailureStore {
  /** By id; one that a person corrected stays as it is. */
  upsert(failures: readonly Failure[]): Promise<void>;
  /** Writes what a person says of it; false when there is none of this id. */
  correct(failure: Failure): Promise<boolean>;
  get(id: string): Promise<Failure | null>;
  /** Newest start first, without those that were withdrawn; `range` is that of the start. */
  list(
    query: PageQuery & {
      readonly entity?: EntityId;
      readonly kind?: string;
      readonly range?: TimeRange;
      readonly open?: boolean;
      readonly withdrawn?: boolean;
    },
  ): Promise<Page<Failure>>;
}

/** What one model said of its entities at one time. */
export interface Forecast {
  readonly model: string;
  readonly time: number;
  readonly entities: readonly EntityId[];
  /** entities × horizons of the model, row-major. */
  readonly probabilities: Float32Array;
}

/** A prediction on which it was left to chance whether to act automatically. */
export interface Restraint {
  /** Of the prediction: one is decided once. */
  readonly prediction: string;
  readonly entity: EntityId;
  readonly time: number;
  /** Chance with which nothing was to be done. */
  readonly notActing: number;
  readonly acted: boolean;
}

export interface RestraintStore {
  /** The first one of a prediction stands. */
  insert(restraint: Restraint): Promise<void>;
  /** Oldest first, at most `limit`, the newest of them. */
  read(range: TimeRange, limit: number): Promise<readonly Restraint[]>;
}

export interface ForecastStore {
  /** Idempotent by model and time. */
  save(forecasts: readonly Forecast[]): Promise<void>;
  /** Oldest first; of more than `limit` the newest. */
  read(model: string, range: TimeRange, limit: number): Promise<readonly Forecast[]>;
  /** What was said of one entity, oldest first; of more than `limit` the newest. */
  of(
    model: string,
    query: { readonly entity: EntityId; readonly range: TimeRange; readonly limit: number },
  ): Promise<readonly { readonly time: number; readonly probabilities: Float32Array }[]>;
  /** Drops what was said before then. */
  forget(before: number): Promise<void>;
}

export interface ModelStore {
  upsert(model: Model, artefact: Uint8Array | null): Promise<void>;
  get(id: string): Promise<Model | null>;
  list(query: PageQuery & { readonly kind?: string; readonly scope?: string }): Promise<Page<Model>>;
  artefact(id: string): Promise<Uint8Array | null>;
}

export interface ModelCheckStore {
  /** Idempotent by model and time. */
  insert(check: ModelCheck): Promise<void>;
  /** Oldest first, at most `limit`, the newest of them. */
  of(model: string, limit: number): Promise<readonly ModelCheck[]>;
}

export interface FeedbackStore {
  /** False, and nothing written, when the id is known or another verdict on its being right stands for the target. */
  insert(feedback: Feedback): Promise<boolean>;
  get(id: string): Promise<Feedback | null>;
  list(
    query: PageQuery & {
      readonly targetId?: string;
      readonly verdict?: Feedback['verdict'];
      readonly range?: TimeRange;
      /** Only what was not undone. */
      readonly standing?: boolean;
    },
  ): Promise<Page<Feedback>>;
  /** Takes one back; false when it was taken back before, or is not there. One winner under concurrency. */
  undo(id: string, undone: { readonly by: string; readonly time: number }): Promise<boolean>;
  /** Those that stand and have a rule, newest first. */
  ruling(limit: number): Promise<readonly Feedback[]>;
}

export interface SettingStore {
  get(key: string): Promise<Json | null>;
  set(key: string, value: Json, by: string, time: number): Promise<void>;
  all(): Promise<ReadonlyMap<string, Json>>;
}

/** State of a stage for one key (an entity, a fleet) up to a position: what a restart begins from. */
export interface Checkpoint {
  readonly stage: string;
  readonly key: string;
  /** Time up to which everything is in the state, Unix ms. */
  readonly position: number;
  readonly state: Json;
}

export interface CheckpointStore {
  /** Commits all together. One of an older position than that which is there changes nothing. */
  save(checkpoints: readonly Checkpoint[]): Promise<void>;
  load(stage: string, key: string): Promise<Checkpoint | null>;
  /** Every checkpoint of a stage, or of the keys that are wanted, by key ascending; in pages, to need little memory. */
  loadAll(stage: string, wanted?: (key: string) => boolean): AsyncIterable<Checkpoint>;
}

export interface AuditStore {
  append(entry: AuditEntry): Promise<void>;
  list(query: PageQuery): Promise<Page<AuditEntry>>;
}

export interface DeadLetterStore {
  append(letters: readonly DeadLetter[]): Promise<void>;
  get(id: string): Promise<DeadLetter | null>;
  /** `waiting`: only those that were not sent again. */
  list(
    query: PageQuery & { readonly topic?: string; readonly group?: string; readonly waiting?: boolean },
  ): Promise<Page<DeadLetter>>;
  /** Marks it as sent again; false when it was before, or is not there. One winner under concurrency. */
  replayed(id: string, by: { readonly by: string; readonly time: number }): Promise<boolean>;
  /** It could not be sent after all. */
  revoke(id: string): Promise<void>;
}

/** How good the data of each entity is, as whoever prepares it says. */
export interface QualityStore {
  /** By entity; what is older than what is there changes nothing. */
  save(qualities: readonly EntityQuality[]): Promise<void>;
  get(entity: EntityId): Promise<EntityQuality | null>;
  /** By entity, ascending. `search` matches part of the id. */
  list(query: PageQuery & { readonly search?: string }): Promise<Page<EntityQuality>>;
}

/** The newest choice of features of each entity kind. */
export interface ChoiceStore {
  save(choice: FeatureChoice): Promise<void>;
  get(scope: string): Promise<FeatureChoice | null>;
}

export interface LineageStore {
  /** Idempotent by model. */
  insert(lineage: Lineage): Promise<void>;
  of(model: string): Promise<Lineage | null>;
}

/** A duty that one process has: retraining, the schedule, maintenance. The token of a name only grows. */
export interface Lease {
  readonly name: string;
  /** The process that has it; no two processes may say the same. */
  readonly holder: string;
  readonly token: number;
}

/** What the holder of a lease may write in one transaction with the proof that it still has it. */
export type FencedStores = Pick<Store, 'models' | 'settings' | 'checkpoints' | 'forecasts' | 'failures' | 'audit'>;

/** Duties that only one process may have at a time, by the database's clock. */
export interface LeaseStore {
  /** The lease, when nobody else has it; a holder that has it gets the same one again, prolonged. Null otherwise. */
  acquire(request: { readonly name: string; readonly holder: string; readonly lapseMs: number }): Promise<Lease | null>;
  /** Prolongs it from now; false when another took it since, or it was released. */
  renew(lease: Lease, lapseMs: number): Promise<boolean>;
  /** Lets others have it at once; does nothing when it is lost already. */
  release(lease: Lease): Promise<void>;
  /**
   * Commits what `work` writes through the stores that it is given, all or nothing, and only while no other process
   * has taken the lease: throws `LEASE_LOST` otherwise. Other stores must not be used within: there may be one session.
   */
  fenced<T>(lease: Lease, work: (stores: FencedStores) => Promise<T>): Promise<T>;
}

/** A process that works on this store. */
export interface Member {
  /** No two processes say the same. */
  readonly id: string;
  readonly stages: readonly string[];
  /** What it says of itself: how far behind it is, which sources it has. */
  readonly about: Json;
  readonly startedAt: number;
}

/** Who is there, by the database's clock. */
export interface MemberStore {
  /** Says that this one is there, for so long from now. What time it is by the database's clock, Unix ms. */
  beat(member: Omit<Member, 'startedAt'>, lapseMs: number): Promise<number>;
  leave(id: string): Promise<void>;
  /** Those that were heard of in time, by id. */
  live(): Promise<readonly Member[]>;
}

/** Something that one process asks of whichever process has the stage. */
export interface Order {
  readonly id: string;
  readonly stage: string;
  readonly verb: string;
  readonly body: Json;
}

export interface OrderStore {
  place(order: Order): Promise<void>;
  /** Oldest first, those placed within the last `withinMs`; each is given to one taker, once. */
  take(query: {
    readonly stage: string;
    readonly by: string;
    readonly withinMs: number;
    readonly limit: number;
  }): Promise<readonly Order[]>;
  answer(id: string, answer: Json): Promise<void>;
  /** Null while there is none. */
  answerTo(id: string): Promise<Json | null>;
  /** Takes an order back; false when somebody has taken it already. */
  withdraw(id: string): Promise<boolean>;
}

/** Something that changed, for live streams. Numbers only grow, and are seen in their order. */
export interface Change {
  readonly number: number;
  readonly body: Json;
}

export interface ChangeStore {
  append(bodies: readonly Json[], time: number): Promise<void>;
  /** Oldest first, at most `limit`. */
  after(number: number, limit: number): Promise<readonly Change[]>;
  /** The number of the newest; 0 when there was none. */
  newest(): Promise<number>;
  /** Drops what is older than an hour. */
  forget(now: number): Promise<void>;
}

/** What a round of retention did. */
export interface RetentionReport {
  readonly bytes: number;
  readonly budgetBytes: number;
  readonly dropped: readonly {
    readonly table: string;
    readonly from: number;
    readonly to: number;
    readonly why: 'age' | 'budget';
  }[];
}

export interface Maintenance {
  /** Drops what is older than its tier allows, then the oldest raw data until the budget holds. */
  retain(now: number): Promise<RetentionReport>;
  /** Rolls minute frames up to hours, up to the last complete hour, and hours to days. Gives the hours written. */
  rollHours(now: number): Promise<number>;
}

/**
 * Whether TimescaleDB keeps the measurements, and otherwise why not: `off` by the configuration, `absent` on the server,
 * `edition` without compression and aggregates, `history` in plain tables already, `refused` by the server.
 */
export type TimescaleUse =
  | { readonly used: true }
  | {
      readonly used: false;
      readonly why: 'off' | 'absent' | 'edition' | 'history' | 'refused';
      readonly detail: string;
    };

/** Everything that is kept, one small store per aggregate. */
export interface Store {
  readonly entities: EntityStore;
  readonly samples: SampleStore;
  readonly frames: FrameStore;
  readonly logs: LogStore;
  readonly exemplars: ExemplarStore;
  readonly events: EventStore;
  readonly anomalies: AnomalyStore;
  readonly predictions: PredictionStore;
  readonly incidents: IncidentStore;
  readonly alerts: AlertStore;
  readonly edges: EdgeStore;
  readonly silences: SilenceStore;
  readonly recommendations: RecommendationStore;
  readonly runs: RunStore;
  readonly outcomes: OutcomeStore;
  readonly decisions: DecisionStore;
  readonly ladder: LadderStore;
  readonly value: ValueStore;
  readonly failures: FailureStore;
  readonly forecasts: ForecastStore;
  readonly restraints: RestraintStore;
  readonly modelChecks: ModelCheckStore;
  readonly models: ModelStore;
  readonly feedback: FeedbackStore;
  readonly settings: SettingStore;
  readonly checkpoints: CheckpointStore;
  readonly audit: AuditStore;
  readonly deadLetters: DeadLetterStore;
  readonly quality: QualityStore;
  readonly choices: ChoiceStore;
  readonly lineages: LineageStore;
  readonly leases: LeaseStore;
  readonly members: MemberStore;
  readonly orders: OrderStore;
  readonly changes: ChangeStore;
  readonly maintenance: Maintenance;
  readonly timescale: TimescaleUse;
  /** Resolves when a trivial statement has come back; rejects with `STORE_UNAVAILABLE`. */
  ping(): Promise<void>;
  close(): Promise<void>;
}
