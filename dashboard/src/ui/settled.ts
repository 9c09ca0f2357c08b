import { useState } from 'react';

/**
 * Merges a fresh list into the one on screen without moving anything: known rows get their new content at their old place, rows
 * that are gone stay, and new ones are only counted.
 */
export function mergeInPlace<T>(
  shown: readonly T[],
  fresh: readonly T[],
  keyOf: (item: T) => string,
): { readonly items: readonly T[]; readonly waiting: number } {
  const byKey = new Map(fresh.map((item) => [keyOf(item), item]));
  const items = shown.map((item) => byKey.get(keyOf(item)) ?? item);
  const known = new Set(shown.map(keyOf));
  return { items, waiting: fresh.filter((item) => !known.has(keyOf(item))).length };
}

/** Live rows that hold still while the pointer or the focus is among them. */
export function useSettled<T>(fresh: readonly T[], keyOf: (item: T) => string) {
  const [held, setHeld] = useState<readonly T[] | null>(null);
  const release = (): void => setHeld(null);
  const hold = (): void => setHeld((now) => now ?? fresh);
  const { items, waiting } = held === null ? { items: fresh, waiting: 0 } : mergeInPlace(held, fresh, keyOf);
  return {
    items,
    waiting,
    release: () => setHeld(fresh),
    handlers: {
      onPointerEnter: hold,
      onPointerLeave: release,
      onFocus: hold,
      onBlur: (event: React.FocusEvent) => {
        if (!event.currentTarget.contains(event.relatedTarget)) release();
      },
    },
  };
}
