import { type Phrase, phrase } from '../../model/phrase.ts';
import type { EntityHistory, PredictionDriver, PredictionExplanation } from '../../model/predictor.ts';
import type { FeatureSpec } from './features.ts';
import type { HazardModel } from './hazard-model.ts';
import { kindsAt } from './kind-model.ts';
import { coarseEnds, isWide, type MemberRows, type Team } from './members.ts';
import { buildRows } from './row-builder.ts';
import { likeliestOf } from './kind-risks.ts';
import { columnOf, matchColumns, plainWidth, type Signals, signalsOf } from './signals.ts';
import type { Trait } from './traits.ts';

/** Most drivers that are told; what they leave out is spread over them. */
const MOST_DRIVERS = 8;

/** What one member or all of them hold against the entity: above 0 raises the risk. */
interface Pull {
  readonly feature: string;
  readonly reason: Phrase;
  amount: number;
}

interface Asked {
  readonly history: EntityHistory;
  readonly row: number;
  readonly columns: readonly string[];
}

/**
 * Why a row was given its chances: TreeSHAP of the boosted members and occlusion of the network, each brought to a sum of one
 * and weighed by the member's weight in the stack. A fused signal is told by the columns that make it up at this row, the risk
 * by those of the likeliest kind.
 */
export function explainRow(model: Omit<HazardModel, 'facts'>, asked: Asked): PredictionExplanation {
  const rows = buildRows(model.rows, [{ history: asked.history, rows: [asked.row] }], asked.columns);
  const { signals } = model.rows.features;
  const own = signalsOf(signals, asked.history, { places: matchColumns(signals, asked.columns), rows: asked.row + 1 });
  const pulls = new Map<string, Pull>();
  for (const team of model.teams) {
    const share = (member: number): number => weightOf(model, member) / model.teams.length;
    // Positions have no say over a wide span.
    if (!isWide(model.intervals)) addFeatures(pulls, model, own, normalised(lifePulls(team, rows), share(0)));
    addFeatures(pulls, model, own, normalised(hazardPulls(model, team, rows), share(1)));
    if (team.lstm !== null) {
      addSignals(pulls, model, own, normalised(networkPulls(model, team, rows), share(2)));
    }
  }
  return { drivers: toDrivers([...pulls.values()]), kinds: kindsAt(model.kinds, rows.features) };
}

/** How much a member's position counts, and what it says of the near intervals: see `describe` of the stack. */
function weightOf({ stack }: Pick<HazardModel, 'stack'>, member: number): number {
  const withHazards = stack.shares.length - 2;
  const near = member > 0 ? stack.theta[stack.theta.length - 2 * withHazards + member - 1] : 0;
  return Math.abs(stack.shares[member + 1] ?? 0) + Math.abs(near ?? 0);
}

function normalised(amounts: Float64Array, weight: number): Float64Array {
  const total = amounts.reduce((sum, x) => sum + Math.abs(x), 0);
  return total > 0 ? amounts.map((x) => (x * weight) / total) : amounts;
}

/** Less time left is more risk. */
const lifePulls = ({ life }: Team, { features }: MemberRows): Float64Array =>
  life.explainRow(features, new Float64Array(life.columns)).map((x) => -x);

/** Of the hazard in the interval that ends with the largest horizon. */
function hazardPulls(
  { intervals }: Pick<HazardModel, 'intervals'>,
  { hazard }: Team,
  { features }: MemberRows,
): Float64Array {
  const ends = coarseEnds(intervals);
  const at = ends.indexOf(intervals.atHorizon.at(-1)!);
  const interval = at < 0 ? ends.length - 1 : at;
  return hazard.explainRow(features, new Float64Array(hazard.columns + 1), { interval }).slice(0, hazard.columns);
}

/** How far the chance within the largest horizon falls when a channel or context feature is taken for usual. */
function networkPulls(
  model: Pick<HazardModel, 'intervals' | 'rows'>,
  team: Team,
  { sequences }: MemberRows,
): Float64Array {
  const { channels, context } = model.rows.sequence!;
  const width = channels.length + context.length;
  const lstm = team.lstm!;
  const chance = (row: Float32Array): number => {
    const hazards = lstm.predictRow(row, new Float64Array(lstm.outputs));
    let survival = 0;
    for (let k = 0; k <= model.intervals.atHorizon.at(-1)!; k++)
      survival += Math.log1p(-Math.min(1 - 1e-9, hazards[k]!));
    return -survival;
  };
  const whole = chance(sequences!);
  return Float64Array.from({ length: width }, (_, c) => {
    const without = sequences!.slice();
    // Missing counts as usual; where all is missing the step is passed over, so it stays so.
    for (let at = c; at < without.length; at += width) without[at] = Number.NaN;
    return whole - chance(without);
  });
}

function addFeatures(
  pulls: Map<string, Pull>,
  model: Pick<HazardModel, 'rows'>,
  own: Signals,
  amounts: Float64Array,
): void {
  amounts.forEach((amount, f) => addFeature(pulls, model, own, { spec: model.rows.features.specs[f]!, amount }));
}

function addSignals(
  pulls: Map<string, Pull>,
  model: Pick<HazardModel, 'rows'>,
  own: Signals,
  amounts: Float64Array,
): void {
  const { channels, context } = model.rows.sequence!;
  amounts.forEach((amount, c) => {
    const channel = channels[c];
    const spec: FeatureSpec =
      channel === undefined
        ? model.rows.features.specs[context[c - channels.length]!]!
        : { of: 'start', signal: channel.signal, statistic: channel.fromStart ? 'from-start' : 'last' };
    addFeature(pulls, model, own, { spec, amount });
  });
}

function addFeature(
  pulls: Map<string, Pull>,
  { rows }: Pick<HazardModel, 'rows'>,
  own: Signals,
  { spec, amount }: { readonly spec: FeatureSpec; readonly amount: number },
): void {
  if (amount === 0) return;
  if (spec.of === 'trait') {
    add(pulls, { feature: '', reason: traitReason(spec.trait), amount });
    return;
  }
  const { signals } = rows.features;
  const { used, fusing, columns } = signals;
  const tell = (place: number, part: number): void => {
    const feature = columns[used[place]!]!;
    add(pulls, { feature, reason: phrase(`hazard.${REASONS[spec.statistic]}`, { feature }), amount: part });
  };
  const plain = plainWidth(signals);
  if (spec.signal < plain) {
    tell(columnOf(signals, spec.signal), amount);
    return;
  }
  const count = used.length;
  const fused = (f: number): number => own.values[(plain + f) * own.rows + own.rows - 1]!;
  const of = spec.signal - plain;
  const from = (of < signals.fused ? of : Math.max(0, likeliestOf(signals.risks!, fused))) * count;
  const known = (i: number): number => own.values[(plain - count + i) * own.rows + own.rows - 1]!;
  const parts = Array.from({ length: count }, (_, i) => Math.abs(fusing[from + i]! * known(i)) || 0);
  const total = parts.reduce((sum, x) => sum + x, 0);
  if (total > 0) parts.forEach((part, i) => part > 0 && tell(i, (amount * part) / total));
}

const REASONS = {
  mean: 'level',
  last: 'level',
  start: 'start',
  'from-start': 'change',
  'from-mean': 'change',
  'from-own': 'change',
  'from-yesterday': 'change',
  slope: 'trend',
  'slope-since-start': 'trend',
  deviation: 'unsteady',
  missing: 'missing',
} as const;

function traitReason(trait: Trait): Phrase {
  switch (trait.kind) {
    case 'failures':
    case 'since-failure':
    case 'failure-rate':
      return phrase('hazard.pastFailures');
    case 'events':
    case 'since-event':
    case 'event-value':
      return phrase('hazard.event', { event: trait.name });
    case 'hour-of-day':
    case 'day-of-week':
      return phrase('hazard.calendar');
    case 'age':
      return phrase('hazard.age');
    case 'gap':
      return phrase('hazard.gap');
    default:
      return trait satisfies never;
  }
}

/** One driver a feature (or trait); its reason is that of its largest part. */
function add(pulls: Map<string, Pull>, pull: Pull): void {
  const key = `${pull.feature} ${pull.reason.key} ${pull.reason.values['event'] ?? ''}`;
  const known = pulls.get(key);
  if (known === undefined) pulls.set(key, pull);
  else known.amount += pull.amount;
}

function toDrivers(pulls: readonly Pull[]): PredictionDriver[] {
  const byFeature = new Map<string, { amount: number; largest: Pull }>();
  for (const pull of pulls) {
    const key = pull.feature === '' ? `${pull.reason.key} ${pull.reason.values['event'] ?? ''}` : ` ${pull.feature}`;
    const known = byFeature.get(key);
    if (known === undefined) byFeature.set(key, { amount: pull.amount, largest: pull });
    else {
      known.amount += pull.amount;
      if (Math.abs(pull.amount) > Math.abs(known.largest.amount)) known.largest = pull;
    }
  }
  const top = [...byFeature.values()]
    .filter(({ amount }) => amount !== 0)
    .sort((a, b) => Math.abs(b.amount) - Math.abs(a.amount))
    .slice(0, MOST_DRIVERS);
  const total = top.reduce((sum, { amount }) => sum + Math.abs(amount), 0);
  return top.map(({ amount, largest }) => ({
    feature: largest.feature,
    share: Math.abs(amount) / total,
    raises: amount > 0,
    reason: largest.reason,
  }));
}
