import type { ReactNode } from 'react';

export interface Figure {
  readonly label: string;
  readonly value: ReactNode;
  /** How sure it is, or what it means. */
  readonly detail?: string | undefined;
}

/** A few numbers that matter, each above its name. */
export function Figures({ figures }: { readonly figures: readonly Figure[] }) {
  return (
    <dl className="grid grid-cols-[repeat(auto-fit,minmax(9.5rem,1fr))] gap-x-8 gap-y-5">
      {figures.map(({ label, value, detail }) => (
        <div key={label}>
          <dt className="sr-only">{label}</dt>
          <dd>
            <span className="block text-2xl font-semibold tracking-tight tabular-nums">{value}</span>
            <span aria-hidden className="block text-sm text-muted">
              {label}
            </span>
            {detail !== undefined && <span className="mt-0.5 block text-sm">{detail}</span>}
          </dd>
        </div>
      ))}
    </dl>
  );
}
