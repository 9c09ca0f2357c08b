import type { FeatureView } from '../../../src/api/contract/views.ts';
import { LOG_PATTERN_METRIC, usePatternText } from './pattern-text.ts';
import { formatNumber } from '../../../src/text/format.ts';
import type { LogLevel } from '../../../src/model/log-record.ts';
import { useFeatures } from '../api/queries.ts';
import { useWords } from '../text/words.ts';
import { Empty, Loaded } from '../ui/states.tsx';
import { LevelWord } from './log-lines.tsx';

/** Patterns at once; the rest of an entity's at most hundred are rarer still. */
const MOST = 50;

const isPattern = ({ metric, value }: FeatureView): boolean => metric === LOG_PATTERN_METRIC && value !== null;

function PatternLine({ feature }: { readonly feature: FeatureView }) {
  const words = useWords();
  const text = usePatternText();
  return (
    <li className="grid grid-cols-[auto_1fr] gap-x-4 px-4 py-2 text-sm sm:grid-cols-[8.5rem_6rem_minmax(0,1fr)]">
      <span className="whitespace-nowrap tabular-nums">
        {formatNumber(words.language, feature.value ?? 0)}{' '}
        <span className="text-muted">{words.say('dashboard-entity.logRate')}</span>
      </span>
      <LevelWord level={(feature.labels['level'] ?? 'info') as LogLevel} />
      <span className="min-w-0 font-mono text-[13px] leading-relaxed break-words max-sm:col-span-2">
        {text(feature.labels['template'] ?? '')}
      </span>
    </li>
  );
}

/** What an entity writes at present: each pattern with how often it comes, most often first. */
export function LogPatterns({ entity }: { readonly entity: string }) {
  const words = useWords();
  const title = words.say('dashboard-entity.logPatterns');
  return (
    <Loaded query={useFeatures(entity)}>
      {({ items }) => {
        const patterns = items
          .filter(isPattern)
          .toSorted((a, b) => (b.value ?? 0) - (a.value ?? 0))
          .slice(0, MOST);
        return patterns.length === 0 ? (
          <Empty title={words.say('dashboard-entity.logPatternsEmpty')} />
        ) : (
          <ul aria-label={title} className="card divide-y divide-line py-1">
            {patterns.map((feature) => (
              <PatternLine key={feature.name} feature={feature} />
            ))}
          </ul>
        );
      }}
    </Loaded>
  );
}
