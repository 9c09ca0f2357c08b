import { distanceFrom, FAR, type NormalRange, normalRange } from '../ml/normal-range.ts';
import { type ActionDefinition, matchesPattern, matchingFeatures } from '../model/action-definition.ts';
import type { Run } from '../model/action.ts';
import type { Anomaly, Contribution } from '../model/anomaly.ts';
import type { Incident } from '../model/incident.ts';
import type { Prediction } from '../model/prediction.ts';
import type { FrameColumns, Store } from '../store/store.ts';
import type { Badness, FeatureEvidence, WantedEvidence } from './outcome.ts';
import { fulfils, told } from './preconditions.ts';

type EvidenceStore = Pick<Store, 'frames' | 'anomalies' | 'predictions'>;

/** The features looked at: those that drive the incident, not all that moved with it. */
const MAX_FEATURES = 5;
/** Of those that the action is about. */
const MOST_LOOKED_AT = 80;
const MAX_SIGNS = 100;
const MAX_FRAMES = 2000;
/** Points of the level before and after; see `MIN_POINTS` of the judgement. */
const BEFORE_STEPS = 10;
const AFTER_STEPS = 5;
/** The last third of the settle window is when it should have settled. */
const AFTER_SHARE = 1 / 3;

/** When the frames around a run lie. Ends are excluded. */
export interface EvidenceWindow {
  readonly beforeFrom: number;
  readonly beforeTo: number;
  readonly afterFrom: number;
  readonly afterTo: number;
}

export function evidenceWindow(run: Run, settleMs: number, stepMs: number): EvidenceWindow {
  const start = run.startedAt ?? run.requestedAt;
  const end = run.endedAt ?? start;
  const afterTo = end + settleMs;
  return {
    beforeFrom: start - Math.max(BEFORE_STEPS * stepMs, settleMs),
    beforeTo: start,
    afterFrom: Math.max(end, afterTo - Math.max(AFTER_STEPS * stepMs, settleMs * AFTER_SHARE)),
    afterTo,
  };
}

interface Signs {
  readonly anomalies: readonly Anomaly[];
  readonly predictions: readonly Prediction[];
}

/** The edge of the expected band that the value had crossed. */
function bandOf({ low, high }: Contribution, value: number | null): Badness | null {
  if (value !== null && high !== null && value > high) return { kind: 'band', side: 'above', edge: high };
  if (value !== null && low !== null && value < low) return { kind: 'band', side: 'below', edge: low };
  return null;
}

/** What a feature was before the run, and what is normal for it; null where its past says nothing. */
interface Past {
  readonly was: number;
  readonly normal: NormalRange | null;
}

/** Beyond what is normal by its past, for what no sign speaks of. */
function pastBadness({ was, normal }: Past): Badness {
  if (normal === null || !Number.isFinite(was)) return { kind: 'sign' };
  const side = was >= normal.middle ? 'above' : 'below';
  return { kind: 'band', side, edge: normal.middle + (side === 'above' ? 1 : -1) * FAR * normal.spread };
}

function badnessOf(feature: string, { anomalies, predictions }: Signs, past: Past): Badness {
  for (const prediction of predictions) {
    const { limit, current, slope } = prediction;
    if (prediction.feature !== feature || limit === null || current === null) continue;
    const rising = slope === null || slope === 0 ? limit >= current : slope > 0;
    return { kind: 'limit', side: rising ? 'above' : 'below', limit };
  }
  const parts = anomalies.flatMap(({ contributions }) => contributions.filter((part) => part.feature === feature));
  const crossed = (value: (part: Contribution) => number | null): Badness | undefined =>
    parts.map((part) => bandOf(part, value(part))).find((band) => band !== null) ?? undefined;
  const { was } = past;
  // The anomaly's own value is its newest, which may be normal again.
  const known = crossed(({ value }) => value) ?? crossed(() => (Number.isFinite(was) ? was : null));
  if (known !== undefined) return known;
  return parts.length > 0 ? { kind: 'sign' } : pastBadness(past);
}

const signOpen = (feature: string, { anomalies, predictions }: Signs): boolean =>
  predictions.some((prediction) => prediction.feature === feature && prediction.state !== 'cleared') ||
  anomalies.some(({ end, contributions }) => end === null && contributions.some((part) => part.feature === feature));

function cut(columns: FrameColumns, row: number, from: number, to: number): FeatureEvidence['before'] {
  const times: number[] = [];
  const values: number[] = [];
  columns.times.forEach((time, i) => {
    // A frame covers its whole step: one that reaches into the run tells of both sides.
    if (time < from || time + columns.stepMs > to) return;
    times.push(time);
    values.push(columns.mean[row]?.[i] ?? Number.NaN);
  });
  return { times, values };
}

async function signsOf(store: EvidenceStore, incident: Incident, run: Run): Promise<Signs> {
  const anomalies = await Promise.all(incident.anomalies.slice(0, MAX_SIGNS).map((id) => store.anomalies.get(id)));
  const predictions = await Promise.all(
    incident.predictions.slice(0, MAX_SIGNS).map((id) => store.predictions.get(id)),
  );
  return {
    anomalies: anomalies.filter((sign) => sign !== null).filter(({ entity }) => entity === run.entity),
    predictions: predictions.filter((sign) => sign !== null).filter(({ entity }) => entity === run.entity),
  };
}

/** So many steps from before the incident say what is normal; it has mostly begun a little before it is noticed. */
const NORMAL_STEPS = 300;
const UNNOTICED_STEPS = 5;

/** How far a feature was from its normal when the run began, in spreads; 0 where nobody knows. */
function strayed(
  columns: FrameColumns,
  row: number,
  incident: Incident,
  window: EvidenceWindow,
): Past & { by: number } {
  const noticed = incident.openedAt - UNNOTICED_STEPS * columns.stepMs;
  const normal = normalRange(cut(columns, row, 0, noticed).values);
  const before = cut(columns, row, window.beforeFrom, window.beforeTo);
  const newest = Array.from(before.values).slice(-AFTER_STEPS);
  const ahead = Math.round((window.beforeTo - noticed) / columns.stepMs);
  const by = normal === null ? 0 : Math.abs(distanceFrom(normal, newest, ahead) ?? 0);
  return { normal, was: middleOf(columns, row, window.beforeFrom, window.beforeTo), by };
}

/** What happened is over at once: an action that is about events is judged by whatever is wrong there. */
const EVENT = 'event_';
const measurable = ({ match }: ActionDefinition): Pick<ActionDefinition, 'match'> => ({
  match: { ...match, features: match.features.filter((pattern) => !pattern.startsWith(EVENT)) },
});

/**
 * The features that the action is about, on the entity it was carried out on, around the run: first those that were far from
 * normal there, the farthest first, then those that drive the incident.
 */
export async function gatherEvidence(
  store: EvidenceStore,
  { run, incident, action, stepMs }: { run: Run; incident: Incident; action: ActionDefinition; stepMs: number },
): Promise<{ readonly features: readonly FeatureEvidence[]; readonly newest: number | null }> {
  const window = evidenceWindow(run, action.settleMs, stepMs);
  const layout = await store.frames.layout(run.entity);
  const known = new Map(layout?.features.map((feature) => [feature.name, feature]));
  const about = measurable(action);
  const driving = matchingFeatures(about, incident.features).filter((name) => known.has(name));
  const own = action.match.features.length === 0 ? [] : matchingFeatures(about, [...known.keys()]);
  const asked = [...new Set([...driving, ...own])].slice(0, MOST_LOOKED_AT);
  if (asked.length === 0) return { features: [], newest: null };
  const columns = await store.frames.columns({
    entity: run.entity,
    tier: 'step',
    range: { from: Math.min(window.beforeFrom, incident.openedAt - NORMAL_STEPS * stepMs), to: window.afterTo },
    features: asked,
    limit: MAX_FRAMES,
  });
  const pasts = new Map(
    asked.map((name) => [name, strayed(columns, columns.features.indexOf(name), incident, window)] as const),
  );
  const far = asked.filter((name) => pasts.get(name)!.by >= FAR).sort((a, b) => pasts.get(b)!.by - pasts.get(a)!.by);
  const names = [...new Set([...far, ...driving])].slice(0, MAX_FEATURES);
  const signs = await signsOf(store, incident, run);
  const features = names.map((feature): FeatureEvidence => {
    const row = columns.features.indexOf(feature);
    return {
      feature,
      unit: known.get(feature)?.unit ?? '',
      badness: badnessOf(feature, signs, pasts.get(feature)!),
      before: cut(columns, row, window.beforeFrom, window.beforeTo),
      after: cut(columns, row, window.afterFrom, window.afterTo),
      signOpen: signOpen(feature, signs),
    };
  });
  return { features, newest: names.length === 0 ? null : (columns.times.at(-1) ?? null) };
}

/** The middle of what is known of a stretch; `NaN` where nothing is. */
function middleOf(columns: FrameColumns, row: number, from: number, to: number): number {
  const known = Array.from(cut(columns, row, from, to).values).filter(Number.isFinite);
  return known.toSorted((a, b) => a - b)[known.length >> 1] ?? Number.NaN;
}

/** What the catalogue wants to see of the target: whether it held before the run, and whether it does at the end of settling. */
export async function gatherWanted(
  store: Pick<Store, 'frames'>,
  { run, action, stepMs }: { run: Run; action: ActionDefinition; stepMs: number },
): Promise<readonly WantedEvidence[]> {
  const { evidence = [] } = action;
  if (evidence.length === 0) return [];
  const window = evidenceWindow(run, action.settleMs, stepMs);
  const layout = await store.frames.layout(run.entity);
  const names = layout?.features.map(({ name }) => name) ?? [];
  const meant = evidence.map(({ feature }) => names.find((name) => name === feature || matchesPattern(feature, name)));
  const columns = await store.frames.columns({
    entity: run.entity,
    tier: 'step',
    range: { from: window.beforeFrom, to: window.afterTo },
    features: meant.filter((name) => name !== undefined),
    limit: MAX_FRAMES,
  });
  return evidence.map((condition, i): WantedEvidence => {
    const row = columns.features.indexOf(meant[i] ?? '');
    const held = (from: number, to: number): boolean | null => {
      const value = row < 0 ? Number.NaN : middleOf(columns, row, from, to);
      return Number.isNaN(value) ? null : fulfils(condition, value);
    };
    return {
      told: told(condition),
      before: held(window.beforeFrom, window.beforeTo),
      after: held(window.afterFrom, window.afterTo),
    };
  });
}
