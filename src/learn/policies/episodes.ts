import type { PolicyEpisode, PolicyStep } from '../../model/policy.ts';
import type { CaseRow } from '../../store/store.ts';

const MINUTE = 60_000;

/** Probability with which the run was chosen; null where it was not what Vigía drew. */
function propensityOf({ decision, automatic, action }: CaseRow): number | null {
  if (decision === null || !automatic || decision.chosen !== action) return null;
  const share = decision.options.find((option) => option.action === action)?.share ?? 0;
  return share > 0 ? share : null;
}

/** Until the next try, or until it was over; while it is open, until the outcome was known. */
function minutesOf(row: CaseRow, next: CaseRow | undefined): number {
  const until = next?.startedAt ?? row.resolvedAt ?? row.decidedAt;
  return Math.max(0, until - row.startedAt) / MINUTE;
}

function stepOf(row: CaseRow, next: CaseRow | undefined): PolicyStep | null {
  const { decision } = row;
  if (decision === null) return null;
  const option = decision.options.find(({ action }) => action === row.action);
  return {
    id: row.run,
    time: row.startedAt,
    context: decision.context,
    action: row.action,
    entity: row.entity,
    disruption: option?.disruption ?? 'low',
    verdict: row.verdict,
    options: decision.options.filter(({ allowed, action }) => allowed || action === row.action),
    propensity: propensityOf(row),
    minutes: minutesOf(row, next),
  };
}

/** Judged runs as what was tried on each incident, by the time of the first try. What was chosen unrecorded is left out. */
export function episodesOf(rows: readonly CaseRow[]): readonly PolicyEpisode[] {
  const byIncident = new Map<string, CaseRow[]>();
  for (const row of rows) {
    const known = byIncident.get(row.incident);
    if (known === undefined) byIncident.set(row.incident, [row]);
    else known.push(row);
  }
  return [...byIncident].flatMap(([incident, tries]) => {
    const steps = tries.map((row, i) => stepOf(row, tries[i + 1]));
    const known = steps.filter((step) => step !== null);
    return known.length === steps.length ? [{ incident, steps: known }] : [];
  });
}
