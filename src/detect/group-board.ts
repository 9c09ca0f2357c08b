import type { Anomaly, AnomalyKind, Ending } from '../model/anomaly.ts';
import type { DetectorScore, Json } from '../model/detector.ts';
import type { Frame } from '../model/frame.ts';
import { ABNORMAL_P } from './anomaly-tracker.ts';
import type { FailureBound } from './failure-bounds.ts';
import { featureGroups, type FeatureGroups, groupScores } from './feature-groups.ts';
import { stateNumbers, stateObject } from './float-columns.ts';
import { type Found, helped, sharesOf, warned, WEIGHT, weightOf } from './found.ts';
import { GroupWatch } from './group-watch.ts';
import { HabitFinding, habitShares } from './habit/habit-finding.ts';
import type { HabitLook } from './habit/habit-watch.ts';
import { jointCadence, type JointLook, jointStrengths, ODD_P, Relation } from './joint-part.ts';
import type { SeverityThresholds } from './severity.ts';

const VERSION = 1;
const WHAT = 'groups of features';

/** Below this, over minutes, the joint members see nothing: they are at 1 when all is calm. */
const CALM_SURPRISE = 2;
/** Name of the look at all features together; no metric is called so. */
const RELATION = '~relation';
/** Groups with so much of the blame explain what the joint members see, and they speak for it. */
const EXPLAINED_SHARE = 0.5;
/**
 * Joint members look back for hours, and so go on long after an end: below this share of their peak it is only an echo.
 * Peak and present are means over minutes, as the members' word jumps.
 */
const ECHO = 0.5;
const LEVEL_MS = 120_000;
/** A group with so much of an open joint anomaly is part of it and does not open one of its own. */
const CLAIMED_SHARE = 0.3;

/** What is seen of an entity in one frame. */
export interface Sight {
  readonly frame: Frame;
  readonly score: DetectorScore;
  /** Null while there are no joint members. */
  readonly look: JointLook | null;
  /** How far all features stray from their usual course; null while that is not known. */
  readonly habit: HabitLook | null;
}

export interface BoardRules {
  readonly minimumDurationMs: number;
  /** As in `Circumstances`. */
  readonly pace: number;
  readonly failures: readonly FailureBound[];
  readonly thresholds: (kind: AnomalyKind) => SeverityThresholds;
  /** Kind of the detector that scored. */
  readonly detector: string;
  /** An anomaly that lasts longer becomes the new normal. */
  readonly adoptMs: number;
  /** Why it does. */
  readonly adopted: (lastedMs: number) => Ending;
}

interface Tracked {
  readonly changes: Anomaly[];
  weight: number;
}

/** What is at hand while one frame is worked on. */
interface Round extends Sight {
  readonly rules: BoardRules;
  readonly groups: FeatureGroups;
  readonly relation: Relation | null;
  /** Share of each group in an open joint anomaly; null when there is none. */
  readonly claims: Float64Array | null;
  readonly open: number;
  readonly tracked: Tracked;
  /** The same for an anomaly of the usual course that was told as a warning. */
  readonly strays: Float64Array | null;
  /** The smallest probability of the groups that the open joint anomaly claims. */
  claimedP: number;
}

/**
 * All groups of features of one entity with the life of their anomalies, and beside them one look at all features
 * together. One cause makes one anomaly: what the joint members see in a group that has a finding of its own helps that
 * group; what no group explains is an anomaly of its own, and takes in the groups that turn up later.
 */
export class GroupBoard {
  readonly #stepMs: number;
  readonly #levelWeight: number;
  readonly #groups = new Map<string, GroupWatch>();
  #relation: GroupWatch | null = null;
  readonly #habit: HabitFinding;
  /** Probability that the joint look had in its newest row. */
  #relationP = 1;
  /** Joint surprise over minutes, its peak since it has been odd, and the groups that had a finding of their own meanwhile. */
  #level = 0;
  #peak = 0;
  readonly #explaining = new Set<string>();

  constructor(stepMs: number) {
    this.#stepMs = stepMs;
    this.#habit = new HabitFinding(stepMs);
    this.#levelWeight = 1 - Math.exp(-jointCadence(stepMs) / LEVEL_MS);
  }

  /** Takes what is seen of a frame: what there is to tell, and how much the frame may teach. */
  track(sight: Sight, rules: BoardRules): { readonly changes: readonly Anomaly[]; readonly weight: number } {
    const groups = featureGroups(sight.frame.layout);
    const echo = this.#isEcho(sight.look);
    const round: Round = {
      ...sight,
      rules,
      groups,
      relation: sight.look === null || echo ? null : new Relation(sight.look, groups),
      claims: this.#relation?.tracker.open ? sharesOf(this.#relation, groups) : null,
      strays: warned(this.#habit.group) ? sharesOf(this.#habit.group, groups) : null,
      open: this.openAnomalies,
      tracked: { changes: [], weight: WEIGHT.calm },
      claimedP: 1,
    };
    if (sight.score.ready) {
      const scores = groupScores(groups, sight.score.features);
      for (let g = 0; g < scores.length; g++) this.#trackGroup(round, g, scores[g]!);
    }
    this.#trackHabit(round);
    if (sight.look !== null) this.#trackRelation(round, sight.look, echo);
    return round.tracked;
  }

  /** Follows the course of the joint look; whether it only echoes what is over. */
  #isEcho(look: JointLook | null): boolean {
    if (look === null) return false;
    if (look.fresh) this.#level += this.#levelWeight * (look.surprise - this.#level);
    if (look.p > ABNORMAL_P && this.#level < CALM_SURPRISE) {
      this.#peak = 0;
      this.#explaining.clear();
      return false;
    }
    this.#peak = Math.max(this.#peak, this.#level);
    return Math.max(this.#level, look.surprise) < ECHO * this.#peak;
  }

  #trackGroup(round: Round, g: number, score: number): void {
    const { frame, relation, groups, claims } = round;
    const group = this.#group(groups.names[g]!, groups.sizes[g]!);
    const own = group.probability(score, frame.time);
    const p = helped(own, relation, g);
    if (p > ABNORMAL_P && !group.tracker.active) {
      group.learn(score);
      return;
    }
    const held = Math.max(claims?.[g] ?? 0, round.strays?.[g] ?? 0) >= CLAIMED_SHARE;
    if (held) round.claimedP = Math.min(round.claimedP, p);
    if (p <= ABNORMAL_P) this.#explaining.add(group.name);
    const { features } = round.score;
    const strengths = (f: number): number => (groups.of[f] === g ? (features[f] ?? 0) : 0);
    const closed = this.#take(round, group, { p, own, strengths, held, detector: round.rules.detector });
    group.settle(score, closed);
  }

  /** Share of the joint blame that groups with a finding of their own explain, since the joint members found something. */
  #explained({ relation, groups }: Round): number {
    let share = 0;
    groups.names.forEach((name, g) => {
      if (this.#explaining.has(name)) share += relation?.share(g) ?? 0;
    });
    return share;
  }

  /** What groups explain is theirs to tell, unless it was told as one before they turned up. */
  #relationFinding({ claims, claimedP }: Round, explained: number): number {
    if (claims !== null) return explained === 1 ? claimedP : Math.min(this.#relationP, claimedP);
    return explained < EXPLAINED_SHARE ? this.#relationP : 1;
  }

  /** Whether no group has a part in what the joint members say: what one is odd by teaches nothing of what is usual of all together. */
  #isCalm(look: JointLook): boolean {
    return this.#explaining.size === 0 || look.p > ODD_P;
  }

  #trackRelation(round: Round, look: JointLook, echo: boolean): void {
    this.#relation ??= GroupWatch.create(RELATION, jointCadence(this.#stepMs), 1, 'joint');
    const group = this.#relation;
    const score = look.surprise;
    if (look.fresh) this.#relationP = group.probability(score, round.frame.time);
    if (this.#relationP > ABNORMAL_P && !group.tracker.active) {
      if (look.fresh && !echo && this.#isCalm(look)) group.learn(score);
      return;
    }
    const explained = echo ? 1 : this.#explained(round);
    const p = this.#relationFinding(round, explained);
    if (p > ABNORMAL_P && !group.tracker.active) return;
    const held = round.strays !== null;
    const closed = this.#take(round, group, { p, own: null, strengths: jointStrengths(look), held, detector: 'joint' });
    if (look.fresh) group.settle(score, closed);
  }

  #trackHabit(round: Round): void {
    const { habit, strays, groups } = round;
    const group = this.#habit.take(round);
    if (group === null) return;
    const p = strays === null ? this.#habit.p : Math.min(this.#habit.p, round.claimedP);
    const strengths = (f: number): number => habit?.features[f] ?? 0;
    const held = this.#isTold(habit, groups);
    this.#habit.settle(habit, this.#take(round, group, { p, own: null, strengths, held, detector: 'habit' }));
  }

  /** Whether people have been warned of most of what strays, by groups or by the joint look. */
  #isTold(habit: HabitLook | null, groups: FeatureGroups): boolean {
    if (warned(this.#relation)) return true;
    const shares = habitShares(habit, groups);
    const told = groups.names.reduce(
      (sum, name, g) => sum + (warned(this.#groups.get(name) ?? null) ? shares[g]! : 0),
      0,
    );
    return told > EXPLAINED_SHARE;
  }

  /** Hands a frame to a group's tracker, adopts what has lasted too long; returns whether an anomaly closed. */
  #take(round: Round, group: GroupWatch, found: Found): boolean {
    const { frame, score, look, habit, rules, tracked, groups, open } = round;
    const { tracker } = group;
    const opinions = [
      ...(found.own === null ? [] : [{ kind: rules.detector, p: found.own }]),
      ...(look?.opinions ?? []),
      ...(habit === null ? [] : [{ kind: 'habit', p: this.#habit.p }]),
    ];
    let change = tracker.take(
      { frame, score, p: found.p, strengths: found.strengths, opinions },
      {
        ...rules,
        provisional: group.provisional,
        groups: Math.max(1, open),
        allGroups: groups.names.length,
        detector: found.detector,
        held: found.held,
      },
    );
    const lasted = frame.time - (tracker.open?.start ?? frame.time);
    if (lasted >= rules.adoptMs) change = group.adopt(frame.time, frame.stepMs, rules.adopted(lasted));
    if (change !== null) tracked.changes.push(change);
    if (!group.adopting) tracked.weight = Math.min(tracked.weight, weightOf(tracker));
    return change !== null && change.end !== null;
  }

  #group(name: string, features: number): GroupWatch {
    let group = this.#groups.get(name);
    if (group === undefined) {
      group = GroupWatch.create(name, this.#stepMs, features);
      this.#groups.set(name, group);
    }
    return group;
  }

  *#all(): Iterable<GroupWatch> {
    yield* this.#groups.values();
    for (const group of [this.#relation, this.#habit.group]) if (group !== null) yield group;
  }

  /** How many have an open anomaly. */
  get openAnomalies(): number {
    let open = this.#relation?.tracker.open == null ? 0 : 1;
    if (this.#habit.group?.tracker.open != null) open += 1;
    for (const { tracker } of this.#groups.values()) if (tracker.open !== null) open += 1;
    return open;
  }

  *openIds(): Iterable<string> {
    for (const { tracker } of this.#all()) if (tracker.open !== null) yield tracker.open.id;
  }

  *opened(): Iterable<Anomaly> {
    for (const { tracker } of this.#all()) if (tracker.latest !== null) yield tracker.latest;
  }

  /** Makes an open anomaly the new normal; null when it is not one of these. */
  adopt(anomaly: string, at: number, ending: Ending): Anomaly | null {
    for (const group of this.#all())
      if (group.tracker.open?.id === anomaly) return group.adopt(at, this.#stepMs, ending);
    return null;
  }

  /** Closes everything. */
  end(at: number, ending: Ending): readonly Anomaly[] {
    return [...this.#all()].flatMap(({ tracker }) => tracker.end(at, this.#stepMs, ending) ?? []);
  }

  toJSON(): Json {
    return {
      version: VERSION,
      groups: [...this.#groups.values()].map((group) => group.toJSON()),
      relation: this.#relation?.toJSON() ?? null,
      habit: this.#habit.toJSON(),
      numbers: [this.#relationP, this.#level, this.#peak],
      explaining: [...this.#explaining],
    };
  }

  /** Throws `STATE_INVALID`. */
  static fromJSON(state: Json, stepMs: number): GroupBoard {
    const saved = stateObject(state, WHAT, VERSION);
    const board = new GroupBoard(stepMs);
    for (const one of Array.isArray(saved['groups']) ? (saved['groups'] as readonly Json[]) : []) {
      const group = GroupWatch.fromJSON(one, stepMs);
      board.#groups.set(group.name, group);
    }
    const relation = saved['relation'] ?? null;
    if (relation !== null) board.#relation = GroupWatch.fromJSON(relation, jointCadence(stepMs), 'joint');
    board.#habit.restore(saved['habit'] ?? null);
    const [relationP = 1, level = 0, peak = 0] = stateNumbers(saved, 'numbers', WHAT);
    board.#relationP = relationP;
    board.#level = level;
    board.#peak = peak;
    const explaining = Array.isArray(saved['explaining']) ? (saved['explaining'] as readonly Json[]) : [];
    for (const name of explaining) if (typeof name === 'string') board.#explaining.add(name);
    return board;
  }
}
