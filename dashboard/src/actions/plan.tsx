import type { Run } from '../../../src/model/action.ts';
import { useWords } from '../text/words.ts';

/** Exactly what would be done, and what every guardrail said to it. */
export function Plan({ run }: { readonly run: Run }) {
  const words = useWords();
  return (
    <div className="space-y-4">
      <div>
        <p className="mb-1.5 text-sm text-muted">{words.say('dashboard-incident.planOn', { entity: run.entity })}</p>
        <pre className="overflow-x-auto rounded-lg bg-sunken px-3.5 py-3 font-mono text-[13px] leading-relaxed break-all whitespace-pre-wrap">
          {run.plan.join('\n')}
        </pre>
      </div>
      {run.decision.length > 0 && (
        <div>
          <p className="mb-1 text-sm text-muted">{words.say('dashboard-incident.guardrails')}</p>
          <ul className="list-disc space-y-0.5 pl-5 text-sm">
            {run.decision.map((one) => (
              <li key={words.phrase(one)}>{words.phrase(one)}</li>
            ))}
          </ul>
        </div>
      )}
    </div>
  );
}
