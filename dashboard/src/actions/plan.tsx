import type { Run } from '../../../src/model/action.ts';
import type { Phrase } from '../../../src/model/phrase.ts';
import { useWords } from '../text/words.ts';

/** What speaks against it, or asks for care, comes first: of twenty lines the tired read two. */
const isFine = ({ key }: Phrase): boolean => key.startsWith('act.ok_');

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
            {run.decision
              .toSorted((a, b) => Number(isFine(a)) - Number(isFine(b)))
              .map((one) => (
                <li key={words.phrase(one)} className={isFine(one) ? 'text-muted' : 'text-warning'}>
                  {words.phrase(one)}
                </li>
              ))}
          </ul>
        </div>
      )}
    </div>
  );
}
