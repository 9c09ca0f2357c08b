import { setImmediate as nextTurn } from 'node:timers/promises';
import type { AlertPath, PastSign, WouldAlert } from '../../model/alert-path.ts';
import { lineOf } from '../../model/alert.ts';
import type { Severity } from '../../model/anomaly.ts';
import { phrase } from '../../model/phrase.ts';
import type { TopologyGraph } from '../../model/topology-graph.ts';
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

/** Steps between two turns of others: a few milliseconds of work. */
const STEPS_A_TURN = 50;
const ANY = { count: Number.POSITIVE_INFINITY, windowMs: 1 };
const UNLIMITED = { pages: ANY, warnings: ANY };

/** The grouping at work, with a record of what it asked for. */
class Player {
  readonly #correlation: Correlation;
  readonly #asked: { readonly ask: Ask; readonly time: number }[] = [];
  readonly #members = new Map<string, readonly string[]>();

  constructor(options: CorrelationOptions, topology: TopologyGraph | null) {
    this.#correlation = new Correlation(options);
    if (topology !== null) this.#correlation.setTopology(topology);
  }

  take(signal: Signal, now: number): void {
    this.#correlation.tick(now);
    this.#correlation.take(signal, now);
    // Summing incidents up is most of the work, so it is left for when something is asked.
    if (this.#correlation.asks().length > 0) this.flush(now);
  }

  pass(now: number): void {
    this.#correlation.tick(now);
  }

  flush(now: number): void {
    const grants: Grants = (ask) => {
      this.#asked.push({ ask, time: now });
      return { severity: ask.wanted, budget: UNLIMITED };
    };
    const changed = this.#correlation.flush(now, grants);
    for (const { id, anomalies } of changed) this.#members.set(id, anomalies);
    this.#correlation.acknowledge(changed);
  }

  alerts(): readonly WouldAlert[] {
    return this.#asked.flatMap(({ ask, time }): WouldAlert[] => {
      const line = lineOf(ask.wanted);
      const signs = this.#members.get(ask.incident) ?? [ask.sign];
      return line === null ? [] : [{ time, line, lead: ask.sign, signs }];
    });
  }
}

/**
 * Plays past anomalies through the very grouping that is at work, in the order in which they would have come, and notes
 * every alert that an incident would have asked for. Time grows with the signs that are at least warnings and the
 * incidents open together: some 50 µs for each step of a sign.
 */
export function createAlertPath(
  given: Partial<CorrelationOptions> = {},
  topology: () => TopologyGraph | null = () => null,
): AlertPath {
  const options = { ...CORRELATION_DEFAULTS, ...given };
  return async (signs, severityOf) => {
    const steps = signs.flatMap((sign) => stepsOf(sign, severityOf(sign))).sort((a, b) => a.time - b.time);
    const player = new Player(options, topology());
    for (const [at, step] of steps.entries()) {
      player.take(signalOf(step), step.time);
      const next = steps[at + 1]?.time ?? Number.POSITIVE_INFINITY;
      // Between two steps nothing happens but that incidents end, and later can no longer be opened again.
      if (step.time + options.quietMs < next) player.pass(step.time + options.quietMs);
      if (step.time + options.quietMs + options.reopenMs < next) {
        player.flush(step.time + options.quietMs);
        player.pass(step.time + options.quietMs + options.reopenMs);
      }
      if (at % STEPS_A_TURN === STEPS_A_TURN - 1) await nextTurn();
    }
    player.flush(steps.at(-1)?.time ?? 0);
    return player.alerts();
  };
}
