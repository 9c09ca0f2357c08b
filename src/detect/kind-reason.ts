import type { AnomalyKind } from '../model/anomaly.ts';
import { type Phrase, phrase } from '../model/phrase.ts';

const KEYS: Readonly<Record<AnomalyKind, string>> = {
  spike: 'kindSpike',
  dip: 'kindDip',
  level_shift: 'kindLevelShift',
  trend: 'kindTrend',
  variance: 'kindVariance',
  seasonality_break: 'kindSeasonalityBreak',
  flatline: 'kindFlatline',
  missing: 'kindMissing',
  relation_broken: 'kindRelationBroken',
  new_log_pattern: 'kindNewLogPattern',
  vanished_log_pattern: 'kindVanishedLogPattern',
  rate_change: 'kindRateChange',
  log_sequence: 'kindLogSequence',
};

/** Why an anomaly is of its kind. `feature` is its strongest one, empty where the whole entity is meant. */
export function kindReason(kind: AnomalyKind, feature: string, durationMs: number): Phrase {
  const key = kind === 'missing' && feature !== '' ? 'kindMissingFeature' : KEYS[kind];
  return phrase(`detect.${key}`, { feature, seconds: Math.round(durationMs / 1000) });
}
