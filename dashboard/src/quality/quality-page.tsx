import { useState } from 'react';
import { Link } from 'wouter';
import type { EntityQuality } from '../../../src/model/data-quality.ts';
import { useQualities } from '../api/queries.ts';
import { relative } from '../format/moment.ts';
import { useNow } from '../format/now.ts';
import { useWords } from '../text/words.ts';
import { Listed } from '../ui/listed.tsx';
import { PageTitle } from '../ui/section.tsx';
import { StateIcon } from '../ui/severity.tsx';
import { Empty } from '../ui/states.tsx';
import { VirtualList } from '../ui/virtual-list.tsx';
import { dropWords, isStale, qualityHref } from './quality-words.ts';

/** Reasons that a row has room for; the page of the entity has them all. */
const SHOWN = 2;

function QualityRow({ quality }: { readonly quality: EntityQuality }) {
  const words = useWords();
  const now = useNow();
  const stale = isStale(quality, now);
  const drops = dropWords(words, quality);
  const [kind = '', ...name] = quality.entity.split('/');
  return (
    <Link
      href={qualityHref(quality.entity)}
      className="grid min-h-14 grid-cols-[auto_minmax(0,1fr)] items-center gap-x-3 px-4 py-2 hover:bg-sunken sm:grid-cols-[auto_minmax(0,1fr)_minmax(0,18rem)_8rem]"
    >
      <StateIcon state={stale ? 'silent' : drops.length > 0 ? 'info' : 'calm'} />
      <span className="truncate font-medium">
        <span className="font-normal text-muted">{kind}/</span>
        {name.join('/')}
      </span>
      <span className="text-sm text-muted max-sm:col-start-2">
        {stale
          ? words.say('dashboard-quality.stale', { when: relative(words, quality.lastSample, now) })
          : drops.length === 0
            ? words.say('dashboard-quality.clean')
            : drops.slice(0, SHOWN).join(', ')}
      </span>
      <span className="text-right text-sm text-muted max-sm:hidden">
        {words.say('dashboard-quality.featureCount', { count: quality.features })}
      </span>
    </Link>
  );
}

/** How good the data of each entity is. */
export function QualityPage() {
  const words = useWords();
  const [search, setSearch] = useState('');
  const query = useQualities(search.trim());
  return (
    <>
      <PageTitle title={words.say('dashboard-quality.title')} note={words.say('dashboard-quality.note')}>
        <input
          type="search"
          value={search}
          onChange={(event) => setSearch(event.target.value)}
          aria-label={words.say('dashboard-quality.search')}
          placeholder={words.say('dashboard-quality.search')}
          className="h-10 w-full rounded-lg border border-line-strong bg-surface px-3 text-sm sm:w-72"
        />
      </PageTitle>
      <Listed
        query={query}
        empty={
          <Empty title={words.say(search === '' ? 'dashboard-quality.empty' : 'dashboard-quality.notFound')}>
            {words.say('dashboard-quality.emptyDetail')}
          </Empty>
        }
      >
        {(items) => (
          <VirtualList
            items={items}
            keyOf={({ entity }) => entity}
            label={words.say('dashboard-quality.list')}
            rowHeight={57}
            renderRow={(quality) => <QualityRow quality={quality} />}
          />
        )}
      </Listed>
    </>
  );
}
