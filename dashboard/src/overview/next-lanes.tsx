import { duration } from '../format/duration.ts';
import type { Prediction } from '../../../src/model/prediction.ts';
import { useState } from 'react';
import { Link } from 'wouter';
import { useNow } from '../format/now.ts';
import { absolute } from '../format/moment.ts';
import { entityHref, shortFeature } from '../format/names.ts';
import { forecast, risk } from '../format/prediction.ts';
import { useWords } from '../text/words.ts';
import { Button } from '../ui/button.tsx';
import { Section } from '../ui/section.tsx';
import { StateIcon } from '../ui/severity.tsx';
import { Empty } from '../ui/states.tsx';
import { LANE_TICKS, lanePosition } from './lane-scale.ts';

const percent = (share: number): string => `${(share * 100).toFixed(2)}%`;

const grid = 'grid gap-x-5 sm:grid-cols-[minmax(9rem,14rem)_minmax(0,1fr)_8.5rem]';

const barColours: Readonly<Record<Prediction['severity'], string>> = {
  critical: 'var(--critical)',
  warning: 'var(--warning-mark)',
  info: 'var(--info)',
};

/** The bar from the early to the late end of the interval; it fades out where the late end lies beyond the axis. */
function Bar({ prediction, now }: { readonly prediction: Prediction; readonly now: number }) {
  const seconds = (time: number): number => (time - now) / 1000;
  const { earliest, latest, expectedAt } = prediction;
  const from = earliest === null ? 1 : lanePosition(seconds(earliest));
  const to = latest === null ? 1 : lanePosition(seconds(latest));
  const colour = barColours[prediction.severity];
  const fill = `color-mix(in oklab, ${colour} 32%, transparent)`;
  return (
    <>
      <span
        className="absolute top-1/2 h-3.5 min-w-1.5 -translate-y-1/2 rounded-sm"
        style={{
          left: percent(Math.min(from, 0.985)),
          right: percent(1 - Math.max(to, from + 0.01)),
          background: latest === null ? `linear-gradient(to right, ${fill}, transparent)` : fill,
          borderLeft: `2px solid ${colour}`,
          borderRight: latest === null ? undefined : `2px solid ${colour}`,
        }}
      />
      {expectedAt !== null && (
        <span
          className="absolute top-1/2 size-3 -translate-1/2 rotate-45 rounded-[2px] border-2 border-surface"
          style={{ left: percent(lanePosition(seconds(expectedAt))), background: colour }}
        />
      )}
    </>
  );
}

function Lane({ prediction, now }: { readonly prediction: Prediction; readonly now: number }) {
  const words = useWords();
  const times = [prediction.earliest, prediction.expectedAt, prediction.latest].filter((time) => time !== null);
  return (
    <li>
      <Link
        href={entityHref(prediction.entity)}
        title={times.map((time) => absolute(words.language, time)).join(' – ')}
        className={`${grid} items-center rounded-lg px-2 py-2 hover:bg-sunken max-sm:grid-cols-[minmax(0,1fr)_auto]`}
      >
        <span className="min-w-0">
          <span className="flex items-center gap-2 font-medium">
            <StateIcon state={prediction.severity} size={15} />
            <span className="truncate">{prediction.entity}</span>
          </span>
          <span className="block truncate text-sm text-muted">
            {prediction.feature === null ? words.name('prediction', prediction.kind) : shortFeature(prediction.feature)}
          </span>
        </span>
        <span aria-hidden className="relative h-6 max-sm:order-last max-sm:col-span-2 max-sm:mt-1.5">
          <span className="absolute inset-x-0 top-1/2 h-px bg-line" />
          <Bar prediction={prediction} now={now} />
        </span>
        <span className="text-right text-sm">
          <span className="block font-medium whitespace-nowrap">{risk(words, prediction)}</span>
          <span className="sr-only">{forecast(words, prediction, now)}</span>
        </span>
      </Link>
    </li>
  );
}

function Axis() {
  const words = useWords();
  return (
    <div aria-hidden className={`${grid} px-2 text-xs text-muted`}>
      <span className="max-sm:hidden" />
      <span className="relative h-5">
        {LANE_TICKS.map((seconds, index) => (
          <span
            key={seconds}
            className={`absolute whitespace-nowrap ${index === 0 ? '' : index === LANE_TICKS.length - 1 ? '-translate-x-full' : '-translate-x-1/2'} ${index % 2 === 1 && index < 6 ? 'max-md:hidden' : ''}`}
            style={{ left: percent(lanePosition(seconds)) }}
          >
            {seconds === 0 ? words.say('dashboard.now') : duration(words, seconds)}
          </span>
        ))}
      </span>
    </div>
  );
}

/** Lanes at once; the rest behind a press. */
const SHOWN = 6;

interface NextLanesProps {
  readonly predictions: readonly Prediction[];
  /** Nothing can be foreseen yet, which is not the same as that nothing will happen. */
  readonly unknown?: boolean;
  readonly className?: string;
}

/** What will fail next and when: one lane for each risk, from now to seven days ahead. */
export function NextLanes({ predictions, unknown = false, className = '' }: NextLanesProps) {
  const words = useWords();
  const now = useNow();
  const [all, setAll] = useState(false);
  const shown = all ? predictions : predictions.slice(0, SHOWN);
  const rest = predictions.length - shown.length;
  return (
    <Section
      title={words.say('dashboard-overview.next')}
      note={words.say('dashboard-overview.nextNote')}
      className={className}
    >
      {predictions.length === 0 ? (
        <Empty title={words.say(unknown ? 'dashboard-overview.nextUnknown' : 'dashboard-overview.nextEmpty')}>
          {words.say('dashboard-overview.nextEmptyDetail')}
        </Empty>
      ) : (
        <div className="card px-2 py-3">
          <Axis />
          <ul className="mt-1">
            {shown.map((prediction) => (
              <Lane key={prediction.id} prediction={prediction} now={now} />
            ))}
          </ul>
          {rest > 0 && (
            <Button look="bare" onClick={() => setAll(true)} className="mt-1 ml-1">
              {words.say('dashboard.showMore', { count: rest })}
            </Button>
          )}
        </div>
      )}
    </Section>
  );
}
