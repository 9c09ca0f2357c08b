import { useState } from 'react';

interface ChartState {
  readonly activeLabel?: string | number | undefined;
}

interface Span {
  readonly from: number;
  readonly to: number;
}

/** Press, draw and let go to zoom all charts of the page into that part. */
export function useBrush(onZoom: (from: number, to: number) => void) {
  const [drawn, setDrawn] = useState<Span | null>(null);
  const at = ({ activeLabel }: ChartState): number | null => (activeLabel === undefined ? null : Number(activeLabel));
  const span = drawn === null ? null : { from: Math.min(drawn.from, drawn.to), to: Math.max(drawn.from, drawn.to) };
  return {
    /** What is being drawn, in order of time; null before it has a width. */
    span: span === null || span.from === span.to ? null : span,
    handlers: {
      onMouseDown: (state: ChartState) => {
        const time = at(state);
        if (time !== null) setDrawn({ from: time, to: time });
      },
      onMouseMove: (state: ChartState) => {
        const time = at(state);
        if (drawn !== null && time !== null) setDrawn({ ...drawn, to: time });
      },
      onMouseUp: () => {
        if (span !== null) onZoom(span.from, span.to);
        setDrawn(null);
      },
    },
  };
}
