import type { AlertPath } from '../../model/alert-path.ts';
import { type AlertBudget, type AlertLine, wholeLine } from '../../model/alert.ts';
import type { Anomaly, Needs, Severity } from '../../model/anomaly.ts';
import { parseEntityId } from '../../model/entity.ts';
import type { SeverityThresholds } from '../severity.ts';
import { underCeiling } from './room.ts';
import { type AlertHistory, type HistorySign, severityAt } from './solve-thresholds.ts';

/** What one feature did to the alert budget: of one entity, or of all entities of a kind. */
export interface FeatureNoise {
  readonly scope: { readonly level: 'entity' | 'kind'; readonly value: string };
  /** Full name with labels of an entity's feature, the metric alone for a kind. */
  readonly feature: string;
  /** Alerts that it drove within the last 7 days, in parts where it drove them together with others. */
  readonly pages: number;
  readonly warnings: number;
  readonly falseAlarms: number;
  /** Part of the budget of 7 days, of the line of which it takes more. */
  readonly share: number;
  /** What it takes for this feature to alert; null while nothing but the common thresholds holds. */
  readonly limit: SeverityThresholds | null;
}

/** The stretch that noise is looked for in. */
export const NOISE_MS = 7 * 86_400_000;
/** More than a third of the budget is more than a feature's share. */
const SHARE = 1 / 3;
/** However small the budget, so many alerts are no noise yet. */
const LEAST: Readonly<Record<AlertLine, number>> = { pages: 2, warnings: 3 };
/** So many false alarms within the stretch are noise, whatever the budget. */
const FALSE_ALARMS = 3;
/** After false alarms it takes ten times less probable evidence than the strongest of them. */
const BEYOND = 0.1;
/** A feature with less than half of an anomaly does not decide over it. */
const DECISIVE = 0.5;
/** From so many entities on a feature is noisy as a whole, unless one has most of it. */
const SHARED_BY = 3;
const MOST_LISTED = 200;

const metricOf = (feature: string): string => feature.split('{', 1)[0] ?? feature;
const key = (level: string, value: string, feature: string): string => `${level}\u0000${value}\u0000${feature}`;

interface Driven {
  readonly sign: HistorySign;
  readonly line: AlertLine;
  readonly share: number;
}

interface Tally {
  readonly scope: FeatureNoise['scope'];
  readonly feature: string;
  readonly driven: Driven[];
  readonly falseAlarms: HistorySign[];
}

class Tallies {
  readonly #all = new Map<string, Tally>();

  /** The tallies of a feature: of its entity, and of the metric over all entities of the kind. */
  of(sign: HistorySign, feature: string): readonly Tally[] {
    return [
      this.#tally({ level: 'entity', value: sign.entity }, feature),
      this.#tally({ level: 'kind', value: sign.entityKind }, metricOf(feature)),
    ];
  }

  #tally(scope: FeatureNoise['scope'], feature: string): Tally {
    const name = key(scope.level, scope.value, feature);
    let tally = this.#all.get(name);
    if (tally === undefined) {
      tally = { scope, feature, driven: [], falseAlarms: [] };
      this.#all.set(name, tally);
    }
    return tally;
  }

  values(): Iterable<Tally> {
    return this.#all.values();
  }
}

/** Alerts of a line in 7 days that a feature may drive before it is noise, and all that there may be. */
function allowance(budget: AlertBudget, line: AlertLine): { readonly all: number; readonly share: number } {
  const { count, windowMs } = wholeLine(budget[line]);
  const all = (count * NOISE_MS) / windowMs;
  return { all, share: Math.max(LEAST[line], SHARE * all) };
}

const used = ({ driven }: Tally, line: AlertLine): number =>
  driven.reduce((sum, one) => sum + (one.line === line ? one.share : 0), 0);

/** Whether a kind's tally is the doing of few entities, who are then limited by themselves. */
function isOfFew({ scope, driven, falseAlarms }: Tally): boolean {
  if (scope.level === 'entity') return false;
  const byEntity = new Map<string, number>();
  let total = 0;
  const add = (entity: string, part: number): void => {
    byEntity.set(entity, (byEntity.get(entity) ?? 0) + part);
    total += part;
  };
  for (const { sign, share } of driven) add(sign.entity, share);
  for (const { entity } of falseAlarms) add(entity, 1);
  return byEntity.size < SHARED_BY || Math.max(...byEntity.values()) >= total / 2;
}

const needOf = (needs: Needs | null, line: AlertLine): number | null =>
  needs === null ? null : line === 'warnings' || needs.nearLimit ? needs.warning : needs.critical;

/**
 * The threshold at which the feature would have kept to its share: of the 7 days, and of any window by itself, for a
 * third of a week's budget spent on one day is all of that day's.
 */
function ownThreshold(tally: Tally, line: AlertLine, budget: AlertBudget, common: number): number {
  const { share } = allowance(budget, line);
  const { count, windowMs } = wholeLine(budget[line]);
  const part = { count: Math.max(1, Math.floor(SHARE * count)), windowMs };
  const strongest = tally.driven
    .filter((one) => one.line === line)
    .map(({ sign, share: driven }) => ({ need: needOf(sign.needs, line) ?? 0, driven, time: sign.warnsAt }))
    .sort((a, b) => a.need - b.need);
  const times: number[] = [];
  let sum = 0;
  for (const { need, driven, time } of strongest) {
    sum += driven;
    times.push(time);
    const inOrder = times.toSorted((a, b) => a - b);
    const crowded = underCeiling(inOrder, part).refused.length > 0;
    if (sum > share || crowded) return Math.min(common, need * (1 - 1e-9));
  }
  return common;
}

function limitOf(tally: Tally, budget: AlertBudget, common: SeverityThresholds): SeverityThresholds | null {
  const over = (['pages', 'warnings'] as const).filter((line) => used(tally, line) > allowance(budget, line).share);
  const wrong = tally.falseAlarms.length >= FALSE_ALARMS;
  if ((over.length === 0 && !wrong) || isOfFew(tally)) return null;
  const beyond = (line: AlertLine): number =>
    wrong ? tally.falseAlarms.reduce((least, { needs }) => Math.min(least, BEYOND * (needOf(needs, line) ?? 1)), 1) : 1;
  const own = (line: AlertLine, at: number): number =>
    Math.min(beyond(line), over.includes(line) ? ownThreshold(tally, line, budget, at) : at);
  return { warning: own('warnings', common.warning), critical: own('pages', common.critical) };
}

/**
 * How much of the budget of the last 7 days each feature would have taken by the common thresholds, most first, with
 * the threshold of its own for the few that take more than a third or that people have called false three times.
 * What was confirmed as right is nobody's noise. It is counted on what was found, not on what was alerted, so a
 * feature that is limited stays limited until it really is calmer.
 */
export async function featureNoise(
  history: AlertHistory,
  options: { readonly path: AlertPath; readonly budget: AlertBudget; readonly common: SeverityThresholds },
): Promise<readonly FeatureNoise[]> {
  const { path, budget, common } = options;
  const signs = history.signs.filter(({ warnsAt, confirmed }) => warnsAt >= history.to - NOISE_MS && !confirmed);
  const byId = new Map(signs.map((sign) => [sign.id, sign]));
  const tallies = new Tallies();
  const alerts = await path(signs, (sign) => severityAt(sign as HistorySign, common));
  for (const { lead, line } of alerts) {
    const sign = byId.get(lead)!;
    for (const [feature, share] of Object.entries(sign.drivers))
      for (const tally of tallies.of(sign, feature)) tally.driven.push({ sign, line, share });
  }
  for (const sign of signs.filter(({ falseAlarm }) => falseAlarm))
    for (const [feature, share] of Object.entries(sign.drivers))
      if (share >= DECISIVE) for (const tally of tallies.of(sign, feature)) tally.falseAlarms.push(sign);
  const part = (tally: Tally, line: AlertLine): number => used(tally, line) / Math.max(1, allowance(budget, line).all);
  return [...tallies.values()]
    .map((tally) => ({
      scope: tally.scope,
      feature: tally.feature,
      pages: used(tally, 'pages'),
      warnings: used(tally, 'warnings'),
      falseAlarms: tally.falseAlarms.length,
      share: Math.max(part(tally, 'pages'), part(tally, 'warnings')),
      limit: limitOf(tally, budget, common),
    }))
    .sort((a, b) => Number(b.limit !== null) - Number(a.limit !== null) || b.share - a.share)
    .slice(0, MOST_LISTED);
}

/** The limits in force, found by entity and feature. */
export type NoiseLimits = ReadonlyMap<string, FeatureNoise>;

export const noiseLimits = (noise: readonly FeatureNoise[]): NoiseLimits =>
  new Map(
    noise.filter(({ limit }) => limit !== null).map((one) => [key(one.scope.level, one.scope.value, one.feature), one]),
  );

/** The noisy feature that decides over an anomaly: noisy ones must have half of it, and the strongest is named. */
export function noiseIn(
  limits: NoiseLimits,
  entity: string,
  drivers: Readonly<Record<string, number>>,
): FeatureNoise | null {
  if (limits.size === 0) return null;
  const { kind } = parseEntityId(entity);
  let total = 0;
  let strongest: { readonly noise: FeatureNoise; readonly share: number } | null = null;
  for (const [feature, share] of Object.entries(drivers)) {
    const noise = limits.get(key('entity', entity, feature)) ?? limits.get(key('kind', kind, metricOf(feature)));
    if (noise === undefined) continue;
    total += share;
    if (strongest === null || share > strongest.share) strongest = { noise, share };
  }
  return total >= DECISIVE ? (strongest?.noise ?? null) : null;
}

/** The history that thresholds are solved on: without what a limit of its own feature holds back. */
export function withoutNoise(history: AlertHistory, limits: NoiseLimits): AlertHistory {
  if (limits.size === 0) return history;
  const signs = history.signs.flatMap((sign): HistorySign[] => {
    const noise = noiseIn(limits, sign.entity, sign.drivers);
    if (noise?.limit == null || sign.needs === null) return [sign];
    const severity = severityAt(sign, noise.limit);
    if (severity === 'info') return [];
    return severity === 'critical' ? [sign] : [{ ...sign, needs: { ...sign.needs, critical: null, nearLimit: false } }];
  });
  return { ...history, signs };
}

/** The severity that an anomaly keeps under its noisy feature's own thresholds. */
export const severityUnder = (noise: FeatureNoise, anomaly: Pick<Anomaly, 'needs' | 'severity'>): Severity =>
  noise.limit === null
    ? anomaly.severity
    : severityAt({ needs: anomaly.needs ?? null, severity: anomaly.severity }, noise.limit);
