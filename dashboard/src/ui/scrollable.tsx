import type { ReactNode } from 'react';

interface ScrollableProps {
  readonly label: string;
  readonly className: string;
  readonly children: ReactNode;
}

/** Something wider or higher than its place; it takes the focus, as what scrolls must be reachable by keys. */
export function Scrollable({ label, className, children }: ScrollableProps) {
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- the only way to scroll it by keys
    <section aria-label={label} tabIndex={0} className={className}>
      {children}
    </section>
  );
}
