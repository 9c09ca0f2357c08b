import type { ReactNode } from 'react';
import { useWords } from '../text/words.ts';
import { Button } from './button.tsx';
import { useSettled } from './settled.ts';

interface SettledListProps<T> {
  readonly items: readonly T[];
  readonly keyOf: (item: T) => string;
  readonly label: string;
  readonly renderRow: (item: T) => ReactNode;
}

/** A live list: nothing moves under the cursor, new rows wait behind "3 new". */
export function SettledList<T>({ items: fresh, keyOf, label, renderRow }: SettledListProps<T>) {
  const words = useWords();
  const { items, waiting, release, handlers } = useSettled(fresh, keyOf);
  return (
    <div {...handlers}>
      <ul aria-label={label} className="space-y-2">
        {items.map((item) => (
          <li key={keyOf(item)}>{renderRow(item)}</li>
        ))}
      </ul>
      {waiting > 0 && (
        <Button look="plain" onClick={release} className="mt-2 w-full">
          {words.say('dashboard.newRows', { count: waiting })}
        </Button>
      )}
    </div>
  );
}
