import { Link } from 'wouter';
import type { SimilarCase } from '../../../src/model/action.ts';
import { formatPercent } from '../../../src/text/format.ts';
import { incidentHref } from '../format/names.ts';
import { useWords } from '../text/words.ts';
import { When } from '../ui/when.tsx';

const inks: Readonly<Record<SimilarCase['verdict'], string>> = {
  resolved: 'text-accent',
  ineffective: 'text-warning',
  harmful: 'text-critical',
  inconclusive: 'text-muted',
};

/** What this action brought in the cases most like this one, most alike first. */
export function SimilarCases({ cases }: { readonly cases: readonly SimilarCase[] }) {
  const words = useWords();
  if (cases.length === 0) return null;
  return (
    <details className="mt-3 text-sm">
      <summary className="inline-block text-muted hover:text-ink">
        {words.say('dashboard-policies.similarHidden', { count: cases.length })}
      </summary>
      <ul className="mt-1 divide-y divide-line">
        {cases.map(({ run, incident, entity, verdict, time, similarity }) => (
          <li key={run} className="flex flex-wrap items-baseline justify-between gap-x-3 py-1.5">
            <span>
              <span className={`font-medium ${inks[verdict]}`}>{words.name('verdict', verdict)}</span>{' '}
              <Link href={incidentHref(incident)} className="quiet-link">
                {entity}
              </Link>
            </span>
            <span className="text-muted tabular-nums">
              {words.say('dashboard.similarity', { share: formatPercent(words.language, similarity) })} ·{' '}
              <When time={time} />
            </span>
          </li>
        ))}
      </ul>
    </details>
  );
}
