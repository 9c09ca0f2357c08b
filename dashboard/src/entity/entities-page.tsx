import { duration } from '../format/duration.ts';
import { formatPercent } from '../../../src/text/format.ts';
import type { EntityView } from '../../../src/api/contract/views.ts';
import { useState } from 'react';
import { Link } from 'wouter';
import { useEntities } from '../api/queries.ts';
import { learningProgress } from '../format/learning.ts';
import { entityHref } from '../format/names.ts';
import { useNow } from '../format/now.ts';
import { useWords } from '../text/words.ts';
import { Listed } from '../ui/listed.tsx';
import { PageTitle } from '../ui/section.tsx';
import { StateBadge } from '../ui/severity.tsx';
import { Empty } from '../ui/states.tsx';
import { VirtualList } from '../ui/virtual-list.tsx';
import { When } from '../ui/when.tsx';

function EntityRow({ entity }: { readonly entity: EntityView }) {
  const words = useWords();
  const now = useNow();
  const risk =
    entity.risk === null
      ? ''
      : words.say('dashboard.riskWithin', {
          probability: formatPercent(words.language, entity.risk.probability),
          duration: duration(words, entity.risk.seconds),
        });
  const detail = entity.learning.ready ? risk : learningProgress(words, entity.learning, now);
  return (
    <Link
      href={entityHref(entity.id)}
      className="grid min-h-14 grid-cols-[minmax(0,1fr)_auto] items-center gap-x-4 px-4 py-2 hover:bg-sunken sm:grid-cols-[minmax(0,1fr)_14rem_9rem_8rem]"
    >
      <span className="truncate font-medium">
        <span className="font-normal text-muted">{entity.kind}/</span>
        {entity.name}
      </span>
      <span className="text-sm text-muted max-sm:col-span-2 max-sm:row-start-2">{detail}</span>
      <span className="max-sm:col-start-2 max-sm:row-start-1">
        <StateBadge state={entity.state} />
      </span>
      <span className="text-right text-sm text-muted max-sm:hidden">
        {entity.lastFrame === null ? words.say('dashboard.never') : <When time={entity.lastFrame} />}
      </span>
    </Link>
  );
}

export function EntitiesPage() {
  const words = useWords();
  const [search, setSearch] = useState('');
  const query = useEntities(search.trim());
  return (
    <>
      <PageTitle title={words.say('dashboard.entities')} note={words.say('dashboard-entity.listNote')}>
        <input
          type="search"
          value={search}
          onChange={(event) => setSearch(event.target.value)}
          aria-label={words.say('dashboard-entity.listSearch')}
          placeholder={words.say('dashboard-entity.listSearch')}
          className="h-10 w-full rounded-lg border border-line-strong bg-surface px-3 text-sm sm:w-72"
        />
      </PageTitle>
      <Listed
        query={query}
        empty={
          <Empty title={words.say(search === '' ? 'dashboard-overview.mapEmpty' : 'dashboard-entity.listNotFound')}>
            {words.say('dashboard-overview.mapEmptyDetail')}
          </Empty>
        }
      >
        {(items) => (
          <VirtualList
            items={items}
            keyOf={({ id }) => id}
            label={words.say('dashboard.entities')}
            rowHeight={57}
            renderRow={(entity) => <EntityRow entity={entity} />}
          />
        )}
      </Listed>
    </>
  );
}
