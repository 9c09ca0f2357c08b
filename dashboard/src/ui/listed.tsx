import type { UseInfiniteQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import type { List } from '../api/queries.ts';
import { useWords } from '../text/words.ts';
import { Button } from './button.tsx';
import { Loaded } from './states.tsx';

interface ListedProps<T> {
  readonly query: UseInfiniteQueryResult<List<T>>;
  readonly empty: ReactNode;
  readonly children: (items: readonly T[]) => ReactNode;
}

/** A list of the API with its states: loading, empty, failed, and more behind a press. */
export function Listed<T>({ query, empty, children }: ListedProps<T>) {
  const words = useWords();
  return (
    <Loaded query={query}>
      {({ items, more }) =>
        items.length === 0 ? (
          empty
        ) : (
          <>
            {children(items)}
            {more && (
              <Button busy={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()} className="mt-3">
                {words.say('dashboard.loadMore')}
              </Button>
            )}
          </>
        )
      }
    </Loaded>
  );
}
