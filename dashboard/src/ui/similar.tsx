import { Link } from 'wouter';
import type { SimilarAnomaly } from '../../../src/api/contract/views.ts';
import { formatPercent } from '../../../src/text/format.ts';
import { useSimilar } from '../api/queries.ts';
import { entityHref, incidentHref } from '../format/names.ts';
import { useWords } from '../text/words.ts';
import { StateIcon } from './severity.tsx';
import { Loaded, Skeleton } from './states.tsx';
import { When } from './when.tsx';

function SimilarLine({ similar }: { readonly similar: SimilarAnomaly }) {
  const words = useWords();
  const { anomaly, similarity, incident, verdict, outcome } = similar;
  const ended = [
    ...(anomaly.ending == null ? [] : [words.phrase(anomaly.ending.reason)]),
    ...(verdict === null ? [] : [`${words.name('feedback', verdict)}.`]),
    ...(outcome === null ? [] : [`${outcome.action}: ${words.name('verdict', outcome.verdict)}.`]),
  ];
  return (
    <li className="flex items-start gap-2.5 py-2">
      <span className="mt-0.5">
        <StateIcon state={anomaly.severity} size={16} />
      </span>
      <span className="min-w-0 flex-1">
        <Link
          href={incident === null ? entityHref(anomaly.entity) : incidentHref(incident)}
          className="font-medium quiet-link"
        >
          {words.name('anomaly', anomaly.kind)} · {anomaly.entity}
        </Link>
        <span className="block text-muted">{ended.join(' ')}</span>
      </span>
      <span className="text-right text-muted tabular-nums">
        <span className="block whitespace-nowrap">
          {words.say('dashboard.similarity', { share: formatPercent(words.language, similarity) })}
        </span>
        <When time={anomaly.start} />
      </span>
    </li>
  );
}

/** What was most like it before, and how that ended. */
export function Similar({ anomaly }: { readonly anomaly: string }) {
  const words = useWords();
  return (
    <Loaded query={useSimilar(anomaly)} skeleton={<Skeleton rows={1} height="h-12" />}>
      {({ items }) =>
        items.length === 0 ? (
          <p className="py-2 text-muted">{words.say('dashboard.similarEmpty')}</p>
        ) : (
          <ul className="mt-1 divide-y divide-line">
            {items.map((similar) => (
              <SimilarLine key={similar.anomaly.id} similar={similar} />
            ))}
          </ul>
        )
      }
    </Loaded>
  );
}
