/** A month of a made-up fleet through the real stages: how many pages it brings when all is well, and what it finds when not. */
import { FAULT_KINDS, type Fault } from './simulator/faults.ts';
import { drive, type Verdicts } from './simulator/drive.ts';
import { falseAlerts, recallBy, recalled, type Told } from './simulator/judge.ts';
import { createOracle } from './simulator/oracle.ts';
import type { Span } from './simulator/routine.ts';
import { simulate, type SimOptions } from './simulator/simulate.ts';
import type { Row } from './report.ts';

const DAY_MS = 86_400_000;
const PAGES_A_DAY = 2;
const WARNINGS_A_DAY = 20;
const FAULTS = 200;
/** The first week is learnt from; faults come after it. */
const LEARNING_DAYS = 7;
/** Runs of the same fleet: quiet, with faults, and those that the oracle learns from. */
const RUN = { quiet: 1, faults: 2, oracle: [3, 4] } as const;

const base = (seed: number): Omit<SimOptions, 'run'> => ({ seed, days: 30, stepMs: 60_000 });

/** What reached people, with what it said was abnormal. */
export function toldOf({ incidents, anomalies, alerts }: Verdicts): Told[] {
  const byId = new Map(incidents.map((incident) => [incident.id, incident]));
  return alerts.map(({ time, incident, line }) => ({
    at: time,
    severity: line === 'pages' ? 'critical' : 'warning',
    spans: (byId.get(incident)?.anomalies ?? []).flatMap((id) => {
      const found = anomalies.get(id);
      return found === undefined
        ? []
        : [{ entity: found.entity, from: found.start, to: found.end ?? Number.POSITIVE_INFINITY }];
    }),
  }));
}

/** Thirty days without a fault. */
export async function quietRows(seed: number): Promise<Row[]> {
  const simulation = simulate({ ...base(seed), run: RUN.quiet });
  const { alerts } = await drive(simulation);
  const { start, stepMs, steps } = simulation.span;
  const days = (steps * stepMs) / DAY_MS;
  const count = (line: 'pages' | 'warnings'): number[] => {
    const each = Array.from({ length: days }, () => 0);
    for (const alert of alerts)
      if (alert.line === line) each[Math.min(days - 1, Math.floor((alert.time - start) / DAY_MS))]! += 1;
    return each;
  };
  const pages = count('pages');
  const warnings = count('warnings');
  const sum = (values: readonly number[]): number => values.reduce((total, one) => total + one, 0);
  const most = Math.max(...pages);
  const later = sum(warnings.slice(LEARNING_DAYS)) / (days - LEARNING_DAYS);
  const shared = { unit: 'a day', better: 'lower' } as const;
  return [
    {
      ...shared,
      name: 'quiet-pages-a-day',
      // A single bad day breaks the promise as a bad mean does.
      value: most > 6 ? Math.max(sum(pages) / days, 2.2 + most) : sum(pages) / days,
      bound: 2.2,
      note: `${simulation.lives.length} entities, ${days} days, at most ${most} on a day, seed ${seed}`,
    },
    {
      ...shared,
      name: 'quiet-warnings-a-day',
      value: sum(warnings) / days,
      bound: null,
      note: `${later.toFixed(2)} after the first ${LEARNING_DAYS} days`,
    },
  ];
}

interface Found {
  readonly ids: ReadonlySet<number>;
  readonly share: number;
  readonly falseADay: number;
}

function judge(faults: readonly Fault[], told: readonly Told[], span: Span): Found {
  const ids = recalled(faults, told, span);
  const from = span.start + LEARNING_DAYS * DAY_MS;
  const days = (span.steps * span.stepMs) / DAY_MS - LEARNING_DAYS;
  const wrong = falseAlerts(faults, told, span).filter(({ at }) => at >= from);
  return { ids, share: ids.size / faults.length, falseADay: wrong.length / days };
}

const magnitudeOf = ({ magnitude }: Fault): string => {
  const least = Math.min(3.5, Math.floor(magnitude * 2) / 2);
  return `${least}–${least + 0.5}`;
};

/** Two hundred faults in such a month, beside an oracle that knows the generator and keeps the same budget. */
export async function recallRows(seed: number): Promise<Row[]> {
  const simulation = simulate({
    ...base(seed),
    run: RUN.faults,
    faults: { count: FAULTS, afterDays: LEARNING_DAYS },
  });
  const { faults, span, lives } = simulation;
  const told = toldOf(await drive(simulation));
  const ours = judge(faults, told, span);
  const pages = judge(
    faults,
    told.filter(({ severity }) => severity === 'critical'),
    span,
  );
  const knows = createOracle(RUN.oracle.map((run) => simulate({ ...base(seed), run }).lives));
  const best = (alertsADay: number): Found =>
    knows
      .tell(lives, alertsADay)
      .map((one) => judge(faults, one, span))
      .toSorted((a, b) => b.share - a.share)[0]!;
  const oracle = best(PAGES_A_DAY + WARNINGS_A_DAY);
  const shared = { unit: 'share', bound: null, better: 'higher' } as const;
  const row = (name: string, found: Found): Row => ({
    ...shared,
    name,
    value: found.share,
    note: `by magnitude ${recallBy(faults, found.ids, magnitudeOf)}; ${found.falseADay.toFixed(1)} false a day`,
  });
  const kinds = (found: Found): string => recallBy(faults, found.ids, ({ kind }) => kind);
  return [
    {
      ...shared,
      name: 'planted-recall',
      unit: '× oracle',
      value: ours.share / oracle.share,
      bound: 0.8,
      note: `${FAULTS} faults of ${FAULT_KINDS.length} kinds told of, as page or warning, seed ${seed}`,
    },
    row('planted-recall-ours', ours),
    { ...shared, name: 'planted-recall-kinds', value: ours.share, note: kinds(ours) },
    row('planted-recall-pages', pages),
    row('planted-recall-pages-oracle', best(PAGES_A_DAY)),
    row('planted-recall-oracle', oracle),
    { ...shared, name: 'planted-recall-oracle-kinds', value: oracle.share, note: kinds(oracle) },
  ];
}
