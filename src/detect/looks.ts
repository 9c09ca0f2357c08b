import type { AnomalyKind } from '../model/anomaly.ts';

/**
 * What an anomaly was seen by: one group of features, all features together, the usual course of day and week, or the order
 * of log lines.
 */
export type LookKind = 'group' | 'joint' | 'habit' | 'sequences';

/** What is peculiar to a look. */
interface Look {
  /** It sees features together, each of which may be inside its own band. */
  readonly relational: boolean;
  /**
   * How long until what it says next is news: a mean over minutes that is far out stays so for minutes, so a day has so many
   * fewer chances for it.
   */
  readonly chanceMs: number;
  /** What it says is of minutes already, so that its strongest word counts and not the mean of its words. */
  readonly sustained: boolean;
  /** What it finds is of this kind, whatever its features look like. */
  readonly kind?: AnomalyKind;
}

const MINUTE_MS = 60_000;

export const LOOKS: Readonly<Record<LookKind, Look>> = {
  group: { relational: false, chanceMs: MINUTE_MS, sustained: false },
  joint: { relational: true, chanceMs: MINUTE_MS, sustained: false },
  habit: { relational: true, chanceMs: 8 * MINUTE_MS, sustained: true },
  sequences: { relational: false, chanceMs: MINUTE_MS, sustained: true, kind: 'log_sequence' },
};
