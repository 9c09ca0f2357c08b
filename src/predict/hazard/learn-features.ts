import { fitOperatingRegimes, type OperatingRegimes } from '../../ml/operating-regimes.ts';
import type { EntityHistory, FleetHistory } from '../../model/predictor.ts';
import { chooseFeatures, evenly, type LearntFeatures } from './choose-features.ts';
import { kindOf } from './failure-kinds.ts';
import { learnEntitySize } from './entity-size.ts';
import { allSpecs, type FeatureSpec, windowsOf } from './features.ts';
import type { FeatureLesson } from './feature-lesson.ts';
import { fitFusing } from './fused-signals.ts';
import { positionOf } from './intervals.ts';
import { fitKindRisks } from './kind-risks.ts';
import { coarseEnds } from './members.ts';
import { learnOwnScale } from './own-signals.ts';
import { plainWidth, type SignalModel, signalsOf, usualStep } from './signals.ts';
import { knownPosition } from './targets.ts';
import { eachEntity } from './training-rows.ts';
import { type TraitScale, traitsOf } from './traits.ts';
import { createStatistics, windowStatistics } from './window-statistics.ts';

/** Rows that scales and regimes are learnt from, at even strides over all. */
const SCALE_ROWS = 60_000;
/** Rows that fused signals are learnt from; and where kinds of failure have their own, of which a few rows tell. */
const FUSING_ROWS = 12_000;
const KIND_FUSING_ROWS = 40_000;
/** Length of the mean that fused signals are learnt on, in steps. */
const SMOOTH_STEPS = 15;
/** The same for views of the entity's own: hours-old news would drown what fails within the hour. */
const OWN_SMOOTH_STEPS = 5;
/** The first part of an entity's rows, in which it counts as young. */
const YOUNG_SHARE = 0.3;

/** Entities begin together when half of them do within this part of all time. */
const TOGETHER = 0.1;

/** Learns how rows become features: scales and regimes, fused signals, and which features to keep. */
export function learnFeatures(lesson: FeatureLesson): LearntFeatures {
  const { fleet, intervals, unitMs } = lesson;
  const step = usualStep(fleet.entities);
  const scale: TraitScale = { cap: intervals.cap, step, unitMs };
  const signals = learnSignals(lesson, step);
  const windows = windowsOf(scale);
  const all = allSpecs(signals, traitsOf(fleet.entities, scale), scale);
  const specs = isWatchedForLong(lesson) ? all.filter((spec) => !isOfStart(spec)) : all;
  return chooseFeatures({ signals, windows, scale, specs }, lesson);
}

/**
 * Whether most entities are watched from the same time on. Then their age is the calendar, and every later row has one that nobody has
 * seen; and what an entity was like at its start is its name: trees learn by it who failed when.
 */
function beginTogether(entities: readonly EntityHistory[]): boolean {
  const starts = entities.flatMap(({ times }) => (times.length > 0 ? [times[0]!] : [])).sort((a, b) => a - b);
  const end = entities.reduce((most, { times }) => Math.max(most, times.at(-1) ?? -Infinity), -Infinity);
  const first = starts[0] ?? Number.NaN;
  return starts[starts.length >> 1]! - first <= TOGETHER * (end - first);
}

/** Whether later rows of the same entities are asked about, which have a long past of their own. */
const isWatchedForLong = ({ asked, fleet }: FeatureLesson): boolean =>
  asked === 'later' && beginTogether(fleet.entities);

const isOfStart = (spec: FeatureSpec): boolean =>
  spec.of === 'trait'
    ? spec.trait.kind === 'age'
    : spec.of === 'start' && spec.statistic !== 'last' && spec.statistic !== 'from-mean';

function learnSignals(lesson: FeatureLesson, step: number): SignalModel {
  const { fleet } = lesson;
  const regimes = learnRegimes(fleet);
  const used = Int32Array.from(fleet.columns.keys()).filter((column) => moves(regimes, column));
  const stride = strideOver(fleet);
  const own = isWatchedForLong(lesson) ? learnOwnScale(fleet, used, stride) : null;
  const size = own === null ? null : learnEntitySize(fleet, { used, scale: own, stride });
  const plain = {
    columns: fleet.columns,
    regimes,
    used,
    own,
    size,
    fusing: new Float64Array(0),
    fused: 0,
    risks: null,
    step,
  };
  if (used.length < 2) return plain;
  const { fusing, risks } = learnFusing(plain, lesson);
  return { ...plain, fusing, fused: fusing.length / used.length, risks };
}

/** True where a column is not constant in every regime. */
function moves({ scale, columns }: OperatingRegimes, column: number): boolean {
  for (let at = column; at < scale.length; at += columns) if (scale[at]! > 0) return true;
  return false;
}

/** Every so many rows are enough for scales. */
function strideOver({ entities }: FleetHistory): number {
  const total = entities.reduce((sum, { times }) => sum + times.length, 0);
  return Math.max(1, Math.ceil(total / SCALE_ROWS));
}

function learnRegimes({ columns, entities }: FleetHistory): OperatingRegimes {
  const width = columns.length;
  const stride = strideOver({ columns, entities });
  const starts = [0];
  const taken: [EntityHistory, number][] = [];
  for (const history of entities) {
    for (let row = 0; row < history.times.length; row += stride) taken.push([history, row]);
    if (taken.length > starts.at(-1)!) starts.push(taken.length);
  }
  const data = new Float64Array(taken.length * width);
  taken.forEach(([{ values }, row], i) => data.set(values.subarray(row * width, (row + 1) * width), i * width));
  return fitOperatingRegimes({ matrix: { data, rows: taken.length, columns: width }, starts });
}

/** Smoothed signals of training rows, and what came after them. */
function learnFusing(
  model: SignalModel,
  { fleet, rows, intervals }: FeatureLesson,
): Pick<SignalModel, 'fusing' | 'risks'> {
  const columns = model.used.length;
  const first = plainWidth(model) - columns;
  const picked = evenly(rows.count, model.own === null ? FUSING_ROWS : KIND_FUSING_ROWS);
  const [values, now] = [0, 1].map(() => new Float64Array(picked.length * columns)) as [Float64Array, Float64Array];
  const position = new Float64Array(picked.length);
  const healthy = new Uint8Array(picked.length);
  const kinds = new KindNumbers(model.own !== null);
  const kind = new Int32Array(picked.length);
  const statistics = createStatistics(first + columns);
  const every = { all: new Int32Array(0), means: Int32Array.from({ length: columns }, (_, s) => first + s) };
  const places = Int32Array.from(fleet.columns.keys());
  const length = (model.own === null ? SMOOTH_STEPS : OWN_SMOOTH_STEPS) * model.step;
  let i = 0;
  eachEntity(rows, (entity, _, to) => {
    const history = fleet.entities[entity]!;
    const end = picked[i] === undefined || picked[i]! >= to ? 0 : rows.row[to - 1]! + 1;
    const signals = signalsOf(model, history, { places, rows: end });
    // Where entities are watched for long, those that do not fail are well at any age.
    const young = model.own === null ? YOUNG_SHARE * history.times.length : Infinity;
    for (; i < picked.length && picked[i]! < to; i++) {
      const at = picked[i]!;
      const row = rows.row[at]!;
      windowStatistics(signals, { row, length, step: model.step }, statistics, every);
      values.set(statistics.mean.subarray(first), i * columns);
      for (let c = 0; c < columns; c++) now[i * columns + c] = signals.values[(first + c) * signals.rows + row]!;
      position[i] = knownPosition(rows, at, intervals);
      healthy[i] = rows.time[at]! > intervals.cap && row < young ? 1 : 0;
      kind[i] = kinds.of(kindOf({ fleet, rows }, at));
    }
  });
  const cap = positionOf(intervals, intervals.cap);
  const directions = fitFusing({ values, columns, position, cap, healthy, kind, kinds: kinds.count });
  const soon = intervals.edges[coarseEnds(intervals).at(-1)!]!;
  const risks = fitKindRisks(directions, {
    values: now,
    columns,
    kind: kind.map((number, at) => (rows.time[picked[at]!]! <= soon ? number : -1)),
    weight: Float64Array.from(picked, (at) => (rows.failed[at] === 1 || rows.time[at]! > soon ? rows.weight[at]! : 0)),
  });
  return { fusing: directions.fusing, risks };
}

/** Numbers kinds of failures in the order in which they are met; -1 where there is none, or they are not asked for. */
class KindNumbers {
  readonly #numbers = new Map<string, number>();
  readonly #asked: boolean;

  constructor(asked: boolean) {
    this.#asked = asked;
  }

  get count(): number {
    return this.#numbers.size;
  }

  of(kind: string | undefined): number {
    if (kind === undefined || !this.#asked) return -1;
    const known = this.#numbers.get(kind);
    if (known !== undefined) return known;
    this.#numbers.set(kind, this.#numbers.size);
    return this.#numbers.size - 1;
  }
}
