import { type ReactNode, useId } from 'react';

interface SectionProps {
  /** Where a link within the page leads. */
  readonly id?: string;
  readonly title: string;
  readonly note?: ReactNode;
  readonly aside?: ReactNode;
  readonly className?: string;
  readonly children: ReactNode;
}

/** A region with a heading that screen readers list. */
export function Section({ id: anchor, title, note, aside, className = '', children }: SectionProps) {
  const id = useId();
  return (
    <section id={anchor} aria-labelledby={id} className={`scroll-mt-4 ${className}`}>
      <div className="mb-3 flex flex-wrap items-baseline justify-between gap-x-4 gap-y-1">
        <h2 id={id} className="text-base font-semibold">
          {title}
        </h2>
        {aside}
        {note !== undefined && <p className="w-full text-sm text-muted">{note}</p>}
      </div>
      {children}
    </section>
  );
}

export function PageTitle({
  title,
  note,
  children,
}: {
  readonly title: ReactNode;
  readonly note?: ReactNode;
  readonly children?: ReactNode;
}) {
  return (
    <div className="mb-6 flex flex-wrap items-start justify-between gap-4">
      <div className="min-w-0">
        <h1 className="text-2xl font-semibold tracking-tight break-words">{title}</h1>
        {note !== undefined && <p className="mt-1 max-w-prose text-muted">{note}</p>}
      </div>
      {children}
    </div>
  );
}
