import type { ReactNode } from 'react';

/** What stands beside the cursor of a chart. */
export function ChartTip({ value, children }: { readonly value: string; readonly children: ReactNode }) {
  return (
    <div className="rounded-md border border-line bg-raised px-2 py-1 text-xs shadow-sm">
      <span className="font-semibold">{value}</span> <span className="text-muted">{children}</span>
    </div>
  );
}
