import type { Model } from '../../model/failure.ts';
import { type PolicyEvaluation, policyKindOf, type PolicyView } from '../../model/policy.ts';

/** What the registry keeps of an evaluation: numbers by name; the verdict and its faults stand in the reason. */
export function figuresOf(evaluation: PolicyEvaluation, learnt: number): Record<string, number> {
  const { minutes, saved, reference, incidents, effectiveSize, clippedShare, verdict } = evaluation;
  return {
    learnt,
    minutes: minutes.value,
    minutes_low: minutes.low,
    minutes_high: minutes.high,
    saved: saved.value,
    saved_low: saved.low,
    saved_high: saved.high,
    reference,
    incidents,
    effective_size: effectiveSize,
    clipped_share: clippedShare,
    verdict: VERDICTS.indexOf(verdict),
  };
}

const VERDICTS: readonly PolicyEvaluation['verdict'][] = ['better', 'worse', 'undecided', 'refused'];
const FAULTS: ReadonlySet<string> = new Set(['effective-size', 'clipped', 'support']);

function evaluationOf({ metrics, reason }: Model): PolicyEvaluation | null {
  const of = (name: string): number => metrics[name] ?? 0;
  if (metrics['verdict'] === undefined) return null;
  return {
    minutes: { value: of('minutes'), low: of('minutes_low'), high: of('minutes_high') },
    saved: { value: of('saved'), low: of('saved_low'), high: of('saved_high') },
    reference: of('reference'),
    incidents: of('incidents'),
    effectiveSize: of('effective_size'),
    clippedShare: of('clipped_share'),
    verdict: VERDICTS[of('verdict')] ?? 'refused',
    faults: reason.split(' ').filter((word) => FAULTS.has(word)),
  };
}

/** A policy of the registry as people see it. */
export const viewOf = (model: Model): PolicyView => ({
  id: model.id,
  kind: policyKindOf(model),
  version: model.version,
  state: model.state,
  createdAt: model.createdAt,
  reason: model.reason.split(' ', 1)[0] ?? '',
  incidents: model.metrics['learnt'] ?? 0,
  evaluation: evaluationOf(model),
});
