import { useState } from 'react';
import type { ChartRange } from '../api/queries.ts';
import { useNow } from '../format/now.ts';

export const SPANS_SECONDS: readonly number[] = [900, 3600, 6 * 3600, 86_400, 7 * 86_400, 30 * 86_400];

const DEFAULT_SPAN = 3600;

/** Ends move on in steps of this share of the span, so that a long range is not loaded anew every few seconds. */
const GRAIN = 1 / 200;
const LEAST_GRAIN_MS = 10_000;
/** Nothing finer can be seen. */
const LEAST_ZOOM_MS = 30_000;

export interface RangeChoice {
  readonly range: ChartRange;
  /** Null while zoomed. */
  readonly span: number | null;
  readonly choose: (span: number) => void;
  readonly zoom: (from: number, to: number) => void;
}

/** The time range of a page's charts: the last so many seconds, following the clock, or a part that was chosen by brushing. */
export function useRange(): RangeChoice {
  const [span, setSpan] = useState(DEFAULT_SPAN);
  const [zoomed, setZoomed] = useState<ChartRange | null>(null);
  const now = useNow();
  const grain = Math.max(LEAST_GRAIN_MS, span * 1000 * GRAIN);
  const to = Math.ceil(now / grain) * grain;
  return {
    range: zoomed ?? { from: to - span * 1000, to },
    span: zoomed === null ? span : null,
    choose: (seconds) => {
      setZoomed(null);
      setSpan(seconds);
    },
    zoom: (from, until) => {
      if (until - from >= LEAST_ZOOM_MS) setZoomed({ from: Math.floor(from), to: Math.ceil(until) });
    },
  };
}
