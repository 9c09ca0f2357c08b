import { spread } from './scales.ts';

export interface EndLabel {
  readonly key: string;
  readonly text: string;
  /** Where its line ends on the value axis. */
  readonly value: number;
  readonly strong?: boolean;
}

interface EndLabelsProps {
  readonly labels: readonly EndLabel[];
  readonly domain: readonly [number, number];
  /** Pixels from the top of the chart to the ends of its value axis. */
  readonly plot: { readonly top: number; readonly bottom: number };
}

const LINE_PX = 15;

/** Names of lines where they end, so that no legend has to be read. It stands beside a chart of fixed height. */
export function EndLabels({ labels, domain: [low, high], plot }: EndLabelsProps) {
  const places = labels.map(({ value }) => plot.bottom - ((value - low) / (high - low)) * (plot.bottom - plot.top));
  const moved = spread(places, LINE_PX, [plot.top, plot.bottom]);
  return (
    <ul aria-hidden className="absolute inset-y-0 right-0 w-24 text-xs">
      {labels.map(({ key, text, strong = false }, index) => (
        <li
          key={key}
          className={`absolute left-0 -translate-y-1/2 whitespace-nowrap tabular-nums ${strong ? 'font-semibold text-ink' : 'text-muted'}`}
          style={{ top: moved[index] }}
        >
          {text}
        </li>
      ))}
    </ul>
  );
}
