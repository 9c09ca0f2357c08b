interface IntervalBarProps {
  readonly value: number;
  readonly low: number;
  readonly high: number;
  /** Ends of what is drawn; 0 to 1 for probabilities. */
  readonly from?: number;
  readonly to?: number;
  /** A value to compare with, drawn as a thin line. */
  readonly mark?: number;
}

const percent = (share: number): string => `${(Math.min(1, Math.max(0, share)) * 100).toFixed(2)}%`;

/** An estimate as a mark and its interval as a bar: how good, and how sure. The numbers stand beside it. */
export function IntervalBar({ value, low, high, from = 0, to = 1, mark }: IntervalBarProps) {
  const place = (one: number): string => percent((one - from) / (to - from));
  const rest = (one: number): string => percent(1 - (one - from) / (to - from));
  return (
    <div aria-hidden className="relative my-1.5 h-2 rounded-full bg-sunken">
      <span className="absolute inset-y-0 rounded-full bg-accent/35" style={{ left: place(low), right: rest(high) }} />
      {mark !== undefined && (
        <span className="absolute -inset-y-1 w-px -translate-x-1/2 bg-ink" style={{ left: place(mark) }} />
      )}
      <span
        className="absolute -inset-y-0.5 w-1 -translate-x-1/2 rounded-full bg-accent"
        style={{ left: place(value) }}
      />
    </div>
  );
}
