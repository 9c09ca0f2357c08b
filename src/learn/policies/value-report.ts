import { createRandom } from '../../ml/random.ts';
import { phrase, type Phrase } from '../../model/phrase.ts';
import { type Disruption, DISRUPTION_MINUTES } from '../../model/policy.ts';
import type { ActionValue, ValuePort, ValueReport } from '../../model/value.ts';
import type { IncidentSpan, RunCount, Store } from '../../store/store.ts';

export interface ValueDeps {
  readonly store: Pick<Store, 'value'>;
  readonly disruptionOf: (action: string) => Disruption;
}

const MINUTE = 60_000;
const MAX_INCIDENTS = 20_000;
/** Longer incidents were forgotten rather than suffered; they would drown everything else. */
const LONGEST_MINUTES = 240;
/** Incidents left alone of one kind of entity, at least, to compare with. */
const LEAST_ALONE = 5;
const SAMPLES = 400;
const OUTSIDE = 0.05;
/** Standard normal quantile of 95 %. */
const Z = 1.645;
const SEED = 5;

const minutesOf = ({ openedAt, resolvedAt }: IncidentSpan): number | null =>
  resolvedAt === null ? null : Math.min(LONGEST_MINUTES, (resolvedAt - openedAt) / MINUTE);

interface Kind {
  readonly acted: readonly number[];
  readonly alone: readonly number[];
}

/** Minutes that incidents took by kind of entity, acted upon and left alone; kinds with both. */
function comparable(incidents: readonly IncidentSpan[]): readonly Kind[] {
  const kinds = new Map<string, { acted: number[]; alone: number[] }>();
  for (const incident of incidents) {
    const minutes = minutesOf(incident);
    if (minutes === null) continue;
    const kind = kinds.get(incident.entityKind) ?? { acted: [], alone: [] };
    (incident.acted ? kind.acted : kind.alone).push(minutes);
    kinds.set(incident.entityKind, kind);
  }
  return [...kinds.values()].filter(({ acted, alone }) => acted.length > 0 && alone.length >= LEAST_ALONE);
}

const mean = (values: readonly number[]): number => values.reduce((sum, x) => sum + x, 0) / values.length;

/** What incidents acted upon would have taken longer had they been as those left alone. */
function avoided(incidents: readonly IncidentSpan[]): ValueReport['downtimeAvoidedMinutes'] {
  const kinds = comparable(incidents);
  if (kinds.length === 0) return null;
  const total = (of: (values: readonly number[]) => number): number =>
    kinds.reduce((sum, { acted, alone }) => sum + acted.length * (of(alone) - of(acted)), 0);
  const random = createRandom(SEED);
  const again = (values: readonly number[]): number => mean(values.map(() => values[random.int(values.length)]!));
  const drawn = Array.from({ length: SAMPLES }, () => total(again)).sort((a, b) => a - b);
  const at = Math.floor(OUTSIDE * SAMPLES);
  return { value: total(mean), low: drawn[at]!, high: drawn[SAMPLES - 1 - at]! };
}

/** Incidents that ended by themselves though something could have been done: counted, with the spread of a count. */
function needless(incidents: readonly IncidentSpan[]): ValueReport['needlessAvoided'] {
  const alone = incidents.filter(({ acted, resolvedAt }) => !acted && resolvedAt !== null);
  const value = alone.filter(({ recommended }) => recommended).length;
  const spread = Z * Math.sqrt(value);
  return { value, low: Math.max(0, value - spread), high: value + spread };
}

const nothingYet = (action: string): ActionValue => ({
  action,
  runs: 0,
  resolved: 0,
  ineffective: 0,
  harmful: 0,
  inconclusive: 0,
  undecided: 0,
  automatic: 0,
  disruptionMinutes: 0,
});

function actionsOf(counts: readonly RunCount[], disruptionOf: ValueDeps['disruptionOf']): ActionValue[] {
  const found = new Map<string, ActionValue>();
  for (const { action, automatic, verdict, count } of counts) {
    const known = found.get(action) ?? nothingYet(action);
    const as = verdict ?? 'undecided';
    found.set(action, {
      ...known,
      runs: known.runs + count,
      [as]: known[as] + count,
      automatic: known.automatic + (automatic ? count : 0),
      disruptionMinutes: known.disruptionMinutes + count * DISRUPTION_MINUTES[disruptionOf(action)],
    });
  }
  return [...found.values()];
}

const { low, medium, high } = DISRUPTION_MINUTES;
const ASSUMPTIONS: readonly Phrase[] = [
  phrase('act.value_compared', { least: LEAST_ALONE }),
  phrase('act.value_longest', { minutes: LONGEST_MINUTES }),
  phrase('act.value_needless'),
  phrase('act.value_disruption', { low, medium, high }),
  phrase('act.value_interval'),
];

/** What acting was worth in a period, from what is stored. */
export const createValueDesk = ({ store, disruptionOf }: ValueDeps): ValuePort => ({
  report: async (range) => {
    const [incidents, counts] = await Promise.all([
      store.value.incidents(range, MAX_INCIDENTS),
      store.value.runs(range),
    ]);
    const actions = actionsOf(counts, disruptionOf);
    return {
      ...range,
      incidents: incidents.length,
      actedUpon: incidents.filter(({ acted }) => acted).length,
      downtimeAvoidedMinutes: avoided(incidents),
      needlessAvoided: needless(incidents),
      harmful: actions.reduce((sum, { harmful }) => sum + harmful, 0),
      disruptionMinutes: actions.reduce((sum, { disruptionMinutes }) => sum + disruptionMinutes, 0),
      actions,
      assumptions: [...ASSUMPTIONS],
    };
  },
});
