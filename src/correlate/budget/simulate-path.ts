import type { AlertPath, PastSign, WouldAlert } from '../../model/alert-path.ts';
import { lineOf } from '../../model/alert.ts';
import type { Severity } from '../../model/anomaly.ts';
import { phrase } from '../../model/phrase.ts';
import type { Ask, Grants } from '../alert-budget.ts';
import { Correlation, CORRELATION_DEFAULTS, type CorrelationOptions } from '../correlation.ts';
import type { Signal } from '../signal.ts';

interface Step {
  readonly time: number;
  readonly sign: PastSign;
  readonly severity: Severity;
  readonly over: boolean;
}

/** A sign is a warning first; it becomes critical, and ends, later on. */
function stepsOf(sign: PastSign, severity: Severity): Step[] {
  if (severity === 'info') return [];
  const steps: Step[] = [{ time: sign.warnsAt, sign, severity: 'warning', over: false }];
  const critical = severity === 'critical';
  if (critical) steps.push({ time: Math.max(sign.warnsAt, sign.pagesAt), sign, severity, over: false });
  if (sign.end !== null) steps.push({ time: Math.max(sign.end, steps.at(-1)!.time), sign, severity, over: true });
  return steps;
}

const signalOf = ({ sign, severity, time, over }: Step): Signal => ({
  id: sign.id,
  type: 'anomaly',
  kind: sign.kind,
  entity: sign.entity,
  fleet: sign.fleet,
  start: sign.start,
  end: over ? sign.end : null,
  happened: false,
  severity,
  severityReason: phrase('detect.warningLasting'),
  strength: sign.score,
  features: Object.keys(sign.drivers).slice(0, 5),
  updatedAt: time,
});

/**
 * Plays past anomalies through the very grouping that is at work, in the order in which they would have come, and notes
 * every alert that an incident would have asked for. Time grows with the signs that are at least warnings and the
 * incidents open together.
 */
export function createAlertPath(given: Partial<CorrelationOptions> = {}): AlertPath {
  const options = { ...CORRELATION_DEFAULTS, ...given };
  return (signs, severityOf) => {
    const steps = signs.flatMap((sign) => stepsOf(sign, severityOf(sign))).sort((a, b) => a.time - b.time);
    const correlation = new Correlation(options);
    const asked: { ask: Ask; time: number }[] = [];
    const members = new Map<string, readonly string[]>();
    const flush = (now: number): void => {
      const grants: Grants = (ask) => {
        asked.push({ ask, time: now });
        return { severity: ask.wanted, budget: UNLIMITED };
      };
      const changed = correlation.flush(now, grants);
      for (const { id, anomalies } of changed) members.set(id, anomalies);
      correlation.acknowledge(changed);
    };
    const pass = (now: number): void => {
      correlation.tick(now);
      flush(now);
    };
    steps.forEach((step, at) => {
      const signal = signalOf(step);
      correlation.take(signal, step.time);
      flush(step.time);
      const next = steps[at + 1]?.time ?? Number.POSITIVE_INFINITY;
      // Between two steps nothing happens but that incidents end, and later can no longer be opened again.
      for (const later of [options.quietMs, options.quietMs + options.reopenMs])
        if (step.time + later < next) pass(step.time + later);
      if (Number.isFinite(next)) correlation.tick(next);
    });
    return asked.flatMap(({ ask, time }): WouldAlert[] => {
      const line = lineOf(ask.wanted);
      return line === null ? [] : [{ time, line, lead: ask.sign, signs: members.get(ask.incident) ?? [ask.sign] }];
    });
  };
}

const ANY = { count: Number.POSITIVE_INFINITY, windowMs: 1 };
const UNLIMITED = { pages: ANY, warnings: ANY };
