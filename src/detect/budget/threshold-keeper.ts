import type { AlertPath } from '../../model/alert-path.ts';
import {
  type AlertBudget,
  type AlertLine,
  type AlertPots,
  type AlertSubject,
  fleetPots,
  type PotLine,
} from '../../model/alert.ts';
import { type Anomaly, type AnomalyKind, SEVERITIES } from '../../model/anomaly.ts';
import type { Json } from '../../model/detector.ts';
import type { EntityId } from '../../model/entity.ts';
import { phrase } from '../../model/phrase.ts';
import type { Service } from '../../model/service.ts';
import type { Clock } from '../../runtime/clock.ts';
import { toError } from '../../runtime/errors.ts';
import { every } from '../../runtime/every.ts';
import type { Log } from '../../runtime/log.ts';
import { createTurns } from '../../runtime/turns.ts';
import type { Store } from '../../store/store.ts';
import { type SeverityThresholds, severityThresholds } from '../severity.ts';
import {
  type FeatureNoise,
  featureNoise,
  NOISE_MS,
  noiseIn,
  type NoiseLimits,
  noiseLimits,
  severityUnder,
  withoutNoise,
} from './feature-noise.ts';
import { type HistorySource, readHistory } from './read-history.ts';
import { type Solved, solveThresholds } from './solve-thresholds.ts';

export interface ThresholdDeps {
  readonly store: HistorySource['store'] & Pick<Store, 'checkpoints'>;
  readonly clock: Clock;
  readonly log: Log;
  /** From anomalies to alerts, as correlate does it. */
  readonly path: AlertPath;
  /** The fleet's budget in force; asked each time. */
  readonly alertBudget: () => AlertBudget;
  /** Out of which pots alerts about a subject are taken; asked each time. */
  readonly potsOf: (subject: AlertSubject) => AlertPots;
  /** Whether what people said keeps an anomaly from alerting. */
  readonly hides: (anomaly: Anomaly) => boolean;
  /** Whether it is for this process to solve; otherwise it reads what another has solved. By default it is. */
  readonly mine?: () => Promise<boolean>;
  /** How often thresholds are solved anew, ms; default one hour. */
  readonly everyMs?: number;
}

/** The thresholds of those entities whose alerts come out of the same pots. */
export interface PotThresholds {
  readonly pots: AlertPots;
  readonly solved: Solved;
  /** Unix ms. */
  readonly solvedAt: number;
}

/** What decides how strange something must be to alert, and keeps one feature from taking the whole budget. */
export interface ThresholdKeeper extends Service {
  /** Thresholds for an entity now, one of so many that are watched, and a kind of anomaly. */
  thresholdsFor(entity: EntityId, entities: number, kind?: AnomalyKind): SeverityThresholds;
  /** The anomaly, lowered when a noisy feature drives it and its own threshold is not reached. */
  restrain(anomaly: Anomaly): Anomaly;
  /** Solved for each set of pots, the fleet's first. */
  solved(): readonly PotThresholds[];
  /** What each feature takes of the budget, most first. */
  noise(): readonly FeatureNoise[];
  /** Something that history is judged by has changed: it is solved anew within a second. */
  invalidate(): void;
  /** Reads history anew and solves; resolves when the new thresholds are in force. */
  refresh(): Promise<void>;
}

const EVERY_MS = 3_600_000;
/** Budgets that changed are looked for so often. */
const TICK_MS = 1000;
/** What another process has solved is read so often. */
const READ_MS = 5000;
const STAGE = 'thresholds';

/** Kind of entity-wide questions: overrides that ask for a kind do not match. */
const ANY_KIND = '';

const sameLine = (a: PotLine, b: PotLine): boolean =>
  a.count === b.count && a.windowMs === b.windowMs && a.pot === b.pot;
const samePots = (a: AlertPots, b: AlertPots): boolean =>
  sameLine(a.pages, b.pages) && sameLine(a.warnings, b.warnings);
const groupOf = (pots: AlertPots): string => `${pots.pages.pot} ${pots.warnings.pot}`;

/** A page is a warning first: where there are pages, warnings cannot be rarer. */
function believed(budget: AlertBudget, entities: number): SeverityThresholds {
  const { warning, critical } = severityThresholds(budget, entities);
  return { critical, warning: Math.max(warning, critical) };
}

class Keeper implements ThresholdKeeper {
  readonly name = 'thresholds';
  readonly #deps: ThresholdDeps;
  readonly #turns = createTurns();
  #groups = new Map<string, PotThresholds>();
  #noise: readonly FeatureNoise[] = [];
  #limits: NoiseLimits = new Map();
  /** Pots that were asked for, as many as there are overrides at most. */
  readonly #asked = new Map<string, AlertPots>();
  #entities = 1;
  #dueAt = 0;
  /** Somebody asked with a budget that was not solved for. */
  #stale = false;
  #end = new AbortController();
  #loop: Promise<void> = Promise.resolve();

  constructor(deps: ThresholdDeps) {
    this.#deps = deps;
  }

  async start(): Promise<void> {
    this.#end = new AbortController();
    await this.#restore();
    const { clock, log } = this.#deps;
    this.#loop = every(TICK_MS, () => this.#tick(), {
      clock,
      signal: this.#end.signal,
      failed: ({ message }) => log.warn({ error: message }, 'thresholds stay as they are; solved again later'),
    });
  }

  async stop(): Promise<void> {
    this.#end.abort();
    await this.#loop;
  }

  thresholdsFor(
    entity: EntityId,
    entities: number,
    kind: AnomalyKind | typeof ANY_KIND = ANY_KIND,
  ): SeverityThresholds {
    this.#entities = entities;
    const pots = this.#deps.potsOf({ entity, kind });
    const known = this.#groups.get(groupOf(pots));
    if (known !== undefined && samePots(known.pots, pots)) {
      // With too little history the number of entities decides, and it grows.
      return known.solved.how.pages === 'prior' ? believed(pots, entities) : known.solved.thresholds;
    }
    this.#stale = true;
    this.#asked.set(groupOf(pots), pots);
    return believed(pots, entities);
  }

  restrain(anomaly: Anomaly): Anomaly {
    const drivers = Object.fromEntries(anomaly.contributions.map(({ feature, share }) => [feature, share]));
    const noise = noiseIn(this.#limits, anomaly.entity, drivers);
    if (noise === null) return anomaly;
    const severity = severityUnder(noise, anomaly);
    if (SEVERITIES.indexOf(severity) >= SEVERITIES.indexOf(anomaly.severity)) return anomaly;
    const values = {
      feature: noise.feature,
      share: noise.share,
      days: NOISE_MS / 86_400_000,
      count: noise.falseAlarms,
    };
    const why = noise.falseAlarms >= 3 ? 'detect.heldBackFalse' : 'detect.heldBackNoise';
    return { ...anomaly, severity, heldBack: phrase(why, values) };
  }

  solved(): readonly PotThresholds[] {
    return [...this.#groups.values()];
  }

  noise(): readonly FeatureNoise[] {
    return this.#noise;
  }

  invalidate(): void {
    this.#stale = true;
  }

  refresh(): Promise<void> {
    return this.#turns(() => this.#solve());
  }

  async #tick(): Promise<void> {
    const { mine = async () => true } = this.#deps;
    if (!this.#stale && this.#deps.clock.monotonic() < this.#dueAt) return;
    if (await mine()) return this.refresh();
    this.#stale = false;
    this.#dueAt = this.#deps.clock.monotonic() + READ_MS;
    await this.#restore();
  }

  /** The pots that anything could alert out of: the fleet's, and those of every entity in the history. */
  #potGroups(inHistory: Iterable<AlertPots>): Map<string, AlertPots> {
    const fleet = fleetPots(this.#deps.alertBudget());
    const groups = new Map([[groupOf(fleet), fleet]]);
    for (const pots of [...this.#asked.values(), ...inHistory]) groups.set(groupOf(pots), pots);
    return groups;
  }

  async #solve(): Promise<void> {
    const { store, clock, path, potsOf, hides, alertBudget, log } = this.#deps;
    const now = clock.now();
    this.#stale = false;
    this.#dueAt = clock.monotonic() + (this.#deps.everyMs ?? EVERY_MS);
    const history = await readHistory({ store, hides }, now);
    const budget = alertBudget();
    const common = believed(budget, this.#entities);
    const noise = await featureNoise(history, { path, budget, common });
    const limits = noiseLimits(noise);
    const past = withoutNoise(history, limits);
    const potsBy = new Map<string, AlertPots>();
    const potsFor = (entity: EntityId, kind: string): AlertPots => {
      const subject = `${entity} ${kind}`;
      const pots = potsBy.get(subject) ?? potsOf({ entity, kind });
      potsBy.set(subject, pots);
      return pots;
    };
    for (const { entity, kind } of past.signs) potsFor(entity, kind);
    const groups = new Map<string, PotThresholds>();
    for (const [group, pots] of this.#potGroups(potsBy.values())) {
      const solved = await solveThresholds(past, {
        path,
        budget: pots,
        prior: believed(pots, this.#entities),
        counts: ({ entity, kind }, line: AlertLine) => potsFor(entity, kind)[line].pot === pots[line].pot,
      });
      groups.set(group, { pots, solved, solvedAt: now });
    }
    this.#groups = groups;
    this.#noise = noise;
    this.#limits = limits;
    await this.#save();
    log.debug({ signs: history.signs.length, limited: limits.size, groups: groups.size }, 'thresholds solved');
  }

  async #save(): Promise<void> {
    const state = { groups: [...this.#groups.values()], noise: this.#noise } as unknown as Json;
    await this.#deps.store.checkpoints.save([{ stage: STAGE, key: 'all', position: 0, state }]);
  }

  /** So that the first frames after a restart are judged as those before it. */
  async #restore(): Promise<void> {
    const { store, log } = this.#deps;
    try {
      const saved = await store.checkpoints.load(STAGE, 'all');
      if (saved === null) return;
      const { groups, noise } = saved.state as unknown as {
        readonly groups: readonly PotThresholds[];
        readonly noise: readonly FeatureNoise[];
      };
      this.#groups = new Map(groups.map((one) => [groupOf(one.pots), one]));
      this.#noise = noise;
      this.#limits = noiseLimits(noise);
    } catch (thrown) {
      log.warn({ error: toError(thrown).message }, 'saved thresholds cannot be read; they are solved anew');
    }
  }
}

/** Solves thresholds from history on the hour, at once when the budget changes, and looks for noisy features. */
export const createThresholdKeeper = (deps: ThresholdDeps): ThresholdKeeper => new Keeper(deps);
