import { Link } from 'wouter';
import type { Incident, SuspectedRoot } from '../../../src/model/incident.ts';
import { formatPercent } from '../../../src/text/format.ts';
import { entityHref } from '../format/names.ts';
import { useWords } from '../text/words.ts';
import { Section } from '../ui/section.tsx';
import { ShareBar } from '../ui/share-bar.tsx';

function RootLine({ root, first }: { readonly root: SuspectedRoot; readonly first: boolean }) {
  const words = useWords();
  return (
    <li className="grid grid-cols-[minmax(0,1fr)_auto] items-baseline gap-x-4 gap-y-1">
      <Link
        href={entityHref(root.entity)}
        className={`quiet-link min-w-0 break-words ${first ? 'text-base font-semibold' : 'font-medium'}`}
      >
        {root.entity}
      </Link>
      <span className={`tabular-nums ${first ? 'text-base font-semibold' : ''}`}>
        {formatPercent(words.language, root.share)}
      </span>
      <ShareBar share={root.share} className="col-span-2 h-1.5" />
      <span className="col-span-2 text-muted">{words.phrase(root.reason)}</span>
    </li>
  );
}

/** Where it may have begun, likeliest first, and how sure that is. A single suspect stands in the head of the page. */
export function Roots({ incident }: { readonly incident: Incident }) {
  const words = useWords();
  const roots = incident.roots ?? [];
  if (roots.length < 2) return null;
  return (
    <Section title={words.say('dashboard-incident.roots')} note={words.say('dashboard-incident.rootsNote')}>
      <ol className="card space-y-4 p-5 text-sm">
        {roots.map((root, index) => (
          <RootLine key={root.entity} root={root} first={index === 0} />
        ))}
      </ol>
    </Section>
  );
}
