import { duration } from '../format/duration.ts';
import { absolute } from '../format/moment.ts';
import { useWords } from '../text/words.ts';
import { Group } from '../ui/group.tsx';
import { type RangeChoice, SPANS_SECONDS } from './range.ts';

/** Chooses the range of all charts below, and says what is shown and that its end is not part of it. */
export function RangeBar({ choice }: { readonly choice: RangeChoice }) {
  const words = useWords();
  const { from, to } = choice.range;
  return (
    <div className="flex flex-wrap items-center gap-x-4 gap-y-2">
      <Group
        label={words.say('dashboard-entity.range')}
        className="inline-flex rounded-lg border border-line bg-surface p-0.5"
      >
        {SPANS_SECONDS.map((span) => (
          <button
            key={span}
            type="button"
            aria-pressed={choice.span === span}
            onClick={() => choice.choose(span)}
            className="rounded-md px-2.5 py-1.5 text-sm whitespace-nowrap text-muted hover:text-ink aria-pressed:bg-accent aria-pressed:text-on-accent"
          >
            {duration(words, span)}
          </button>
        ))}
      </Group>
      <p className="text-sm text-muted">
        {choice.span === null
          ? words.say('dashboard-entity.rangeZoomed', {
              from: absolute(words.language, from),
              to: absolute(words.language, to),
            })
          : words.say('dashboard-entity.rangeHint')}
      </p>
    </div>
  );
}
