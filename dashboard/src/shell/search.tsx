import { useQuery } from '@tanstack/react-query';
import { useEffect, useId, useRef, useState } from 'react';
import { useLocation } from 'wouter';
import { useWords } from '../text/words.ts';
import { Modal } from '../ui/modal.tsx';
import { get, query } from '../api/client.ts';
import { useOverview, type Page } from '../api/queries.ts';
import type { EntityView } from '../../../src/api/contract/views.ts';
import { findHits, type Hit } from './search-hits.ts';

const MAX_ENTITIES = 8;

/** Waits until the typing pauses, so that not every letter becomes a request. */
function usePaused(value: string): string {
  const [paused, setPaused] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setPaused(value), 150);
    return () => clearTimeout(timer);
  }, [value]);
  return paused;
}

function useHits(typed: string): readonly Hit[] {
  const words = useWords();
  const paused = usePaused(typed.trim());
  const entities = useQuery({
    queryKey: ['entities', 'search', paused],
    queryFn: ({ signal }) => get<Page<EntityView>>(`entities${query({ search: paused, limit: MAX_ENTITIES })}`, signal),
    placeholderData: (before) => before,
    gcTime: 30_000,
  });
  const overview = useOverview();
  return findHits(typed, words, entities.data?.items ?? [], overview.data);
}

function HitRow({
  hit,
  id,
  chosen,
  onPick,
}: {
  readonly hit: Hit;
  readonly id: string;
  readonly chosen: boolean;
  readonly onPick: () => void;
}) {
  const row = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (chosen) row.current?.scrollIntoView({ block: 'nearest' });
  }, [chosen]);
  return (
    // The list is driven from the input by keys; the pointer is the second way.
    // oxlint-disable-next-line jsx-a11y/click-events-have-key-events -- see above
    <div
      ref={row}
      id={id}
      // oxlint-disable-next-line jsx-a11y/prefer-tag-over-role -- an <option> stands in a <select> only
      role="option"
      tabIndex={-1}
      aria-selected={chosen}
      onClick={onPick}
      className="flex cursor-pointer items-baseline justify-between gap-4 rounded-lg px-3 py-2.5 hover:bg-sunken aria-selected:bg-accent-soft"
    >
      <span className="min-w-0 truncate">{hit.title}</span>
      <span className="shrink-0 text-sm text-muted">{hit.group}</span>
    </div>
  );
}

/** Which of the results is chosen, moved by the arrows; Enter opens it. */
function useChosen(hits: readonly Hit[], open: (hit: Hit) => void) {
  const [chosen, setChosen] = useState(0);
  const at = Math.min(chosen, Math.max(0, hits.length - 1));
  const onKeyDown = (event: React.KeyboardEvent): void => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined) setChosen((at + step + hits.length) % Math.max(1, hits.length));
    const hit = hits[at];
    if (event.key === 'Enter' && hit !== undefined) open(hit);
    if (step !== undefined || event.key === 'Enter') event.preventDefault();
  };
  return { at, onKeyDown, first: () => setChosen(0) };
}

/** Finds entities, incidents, features and pages. Everything by keys: arrows choose, Enter opens, Escape closes. */
export function Search({ onClose }: { readonly onClose: () => void }) {
  const words = useWords();
  const list = useId();
  const [typed, setTyped] = useState('');
  const [, navigate] = useLocation();
  const hits = useHits(typed);
  const open = (hit: Hit): void => {
    onClose();
    navigate(hit.href);
  };
  const { at, onKeyDown, first } = useChosen(hits, open);
  return (
    <Modal
      label={words.say('dashboard.search')}
      onClose={onClose}
      className="mx-auto mt-[12vh] w-[min(40rem,calc(100vw-2rem))]"
    >
      <input
        type="text"
        role="combobox"
        aria-expanded
        aria-controls={list}
        aria-activedescendant={hits.length > 0 ? `${list}-${at}` : undefined}
        aria-label={words.say('dashboard.search')}
        placeholder={words.say('dashboard.searchHint')}
        value={typed}
        onChange={(event) => {
          setTyped(event.target.value);
          first();
        }}
        onKeyDown={onKeyDown}
        className="w-full border-b border-line bg-transparent px-5 py-4 text-base outline-none placeholder:text-muted"
      />
      <div
        id={list}
        // oxlint-disable-next-line jsx-a11y/prefer-tag-over-role -- a datalist can neither be styled nor hold links
        role="listbox"
        aria-label={words.say('dashboard.searchHits')}
        className="max-h-[50vh] overflow-y-auto p-2"
      >
        {hits.map((hit, index) => (
          <HitRow key={hit.key} hit={hit} id={`${list}-${index}`} chosen={index === at} onPick={() => open(hit)} />
        ))}
      </div>
      {hits.length === 0 && <p className="px-5 pb-5 text-sm text-muted">{words.say('dashboard.searchNothing')}</p>}
    </Modal>
  );
}
