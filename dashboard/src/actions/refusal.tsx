import type { Run } from '../../../src/model/action.ts';
import { useWords } from '../text/words.ts';

/** Whether a guardrail has objected at the very moment of acting. */
export const isRefused = (run: Run | undefined): boolean => run?.state === 'rejected';

/** Says that nothing was done, and why; nothing where it was done. */
export function Refusal({ run }: { readonly run: Run | undefined }) {
  const words = useWords();
  if (run === undefined || !isRefused(run)) return null;
  return (
    <p role="alert" className="rounded-lg bg-warning-soft px-3 py-2 text-sm text-warning">
      {words.say('dashboard-incident.refused')} {run.error !== null && words.phrase(run.error)}
    </p>
  );
}
