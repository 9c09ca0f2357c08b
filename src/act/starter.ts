import type { Run, RunState } from '../model/action.ts';
import { type ActOwn, VIGIA } from './act-deps.ts';
import type { Case } from './facts.ts';
import type { Decision } from './guardrails.ts';
import { COST } from './limits.ts';
import type { Runner } from './runner.ts';

/** What is common to every new run of a case. */
export function draft(
  found: Case,
  over: Pick<Run, 'id' | 'requestedBy' | 'requestedAt' | 'state'> & Partial<Run>,
): Run {
  return {
    incident: found.incident?.id ?? null,
    recommendation: null,
    fleet: found.entity.fleet,
    action: found.action.id,
    entity: found.entity.id,
    dryRun: false,
    plan: [...found.plan],
    decision: [...found.decision.said, ...(found.notes ?? [])],
    expiresAt: null,
    decidedBy: null,
    decidedAt: null,
    startedAt: null,
    endedAt: null,
    exitCode: null,
    output: '',
    error: found.decision.blocked,
    ...over,
  };
}

export interface Started {
  /** Null when a guardrail objects now, or another was quicker. */
  readonly run: Run | null;
  readonly decision: Decision;
  /** Carries it out; to be called when the start is in the audit log. */
  readonly launch: () => void;
}

/**
 * Starts a run of a case: guardrails are asked again by what all processes do at that moment, and the start is written in
 * the same transaction. A process that dies before it leaves nothing started; one that dies after it a run that is found.
 */
export async function startRun(
  deps: ActOwn,
  runner: Runner,
  { found, run, from }: { readonly found: Case; readonly run: Run; readonly from: readonly RunState[] | null },
): Promise<Started> {
  let decision = found.decision;
  const { action, incident, executor, args } = found;
  const begun = await deps.store.runs.begin({
    query: found.query,
    lease: {
      holder: deps.holder,
      incident: incident?.id ?? null,
      automatic: run.requestedBy === VIGIA,
      cost: COST[action.disruption],
      settleMs: action.settleMs,
    },
    from,
    decide: (survey) => {
      decision = found.again(survey);
      const notes = run.decision.slice(found.decision.said.length);
      return decision.blocked === null ? { ...run, decision: [...decision.said, ...notes], error: null } : null;
    },
  });
  const launch = (): void => {
    // The guardrails `executor` and `arguments` have passed, or there would be no run to start.
    if (begun === null || executor === null || args === null) return;
    runner.launch({ run: begun.run, executor, args, timeoutMs: action.timeoutMs, token: begun.token });
  };
  return { run: begun?.run ?? null, decision, launch };
}
