import { useWindowVirtualizer } from '@tanstack/react-virtual';
import { type ReactNode, useLayoutEffect, useRef, useState } from 'react';

/** From so many rows on only those in view exist. */
const VIRTUAL_FROM = 200;

interface VirtualListProps<T> {
  readonly items: readonly T[];
  readonly keyOf: (item: T) => string;
  readonly label: string;
  readonly rowHeight: number;
  readonly renderRow: (item: T) => ReactNode;
}

function VirtualRows<T>({ items, keyOf, label, rowHeight, renderRow }: VirtualListProps<T>) {
  const element = useRef<HTMLUListElement>(null);
  const [top, setTop] = useState(0);
  useLayoutEffect(() => setTop(element.current?.offsetTop ?? 0), []);
  // oxlint-disable-next-line react/incompatible-library -- what it returns is used here alone and never memoised
  const rows = useWindowVirtualizer({
    count: items.length,
    estimateSize: () => rowHeight,
    overscan: 12,
    scrollMargin: top,
  });
  return (
    <ul ref={element} aria-label={label} className="card relative" style={{ height: rows.getTotalSize() }}>
      {rows.getVirtualItems().map(({ index, start }) => {
        const item = items[index];
        return item === undefined ? null : (
          <li
            key={keyOf(item)}
            ref={rows.measureElement}
            data-index={index}
            aria-setsize={items.length}
            aria-posinset={index + 1}
            className="absolute inset-x-0 border-b border-line last:border-0"
            style={{ transform: `translateY(${start - top}px)` }}
          >
            {renderRow(item)}
          </li>
        );
      })}
    </ul>
  );
}

/** A list of rows that scrolls with the page; long ones are virtual. */
export function VirtualList<T>(props: VirtualListProps<T>) {
  const { items, keyOf, label, renderRow } = props;
  if (items.length >= VIRTUAL_FROM) return <VirtualRows {...props} />;
  return (
    <ul aria-label={label} className="card divide-y divide-line">
      {items.map((item) => (
        <li key={keyOf(item)}>{renderRow(item)}</li>
      ))}
    </ul>
  );
}
