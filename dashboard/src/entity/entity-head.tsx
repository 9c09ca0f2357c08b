import type { EntityView } from '../../../src/api/contract/views.ts';
import type { Prediction } from '../../../src/model/prediction.ts';
import { useSilences } from '../api/queries.ts';
import { learningProgress } from '../format/learning.ts';
import { useNow } from '../format/now.ts';
import { forecast } from '../format/prediction.ts';
import { SilenceButton } from '../silences/silence-button.tsx';
import { SilencedNotice } from '../silences/silenced-notice.tsx';
import type { PageWords } from '../text/page-words.ts';
import { useWords } from '../text/words.ts';
import { Progress } from '../ui/progress.tsx';
import { PageTitle } from '../ui/section.tsx';
import { StateBadge } from '../ui/severity.tsx';
import { When } from '../ui/when.tsx';

/** The state in one sentence: what is abnormal, what is coming. */
function stateInWords(words: PageWords, entity: EntityView, risks: readonly Prediction[], now: number): string {
  if (entity.state === 'silent') return words.say('dashboard-entity.isSilent');
  const abnormal =
    entity.openAnomalies > 0 ? words.say('dashboard-entity.isAbnormal', { count: entity.openAnomalies }) : '';
  const [soonest] = risks.toSorted((a, b) => (a.expectedAt ?? Infinity) - (b.expectedAt ?? Infinity));
  const coming = soonest === undefined ? '' : `${forecast(words, soonest, now)}.`;
  if (abnormal === '' && coming === '')
    return words.say(entity.learning.ready ? 'dashboard-entity.isCalm' : 'dashboard-entity.isLearning');
  return [abnormal, coming].filter((part) => part !== '').join(' ');
}

function StillLearning({ entity }: { readonly entity: EntityView }) {
  const words = useWords();
  const now = useNow();
  return (
    <div className="mb-4 max-w-md">
      <Progress
        value={entity.learning.frames}
        of={entity.learning.needed}
        label={words.say('dashboard.learningOf', { entity: entity.id })}
      />
      <p className="mt-2 text-sm text-muted">
        {words.say('dashboard.learning', { progress: learningProgress(words, entity.learning, now) })}
      </p>
    </div>
  );
}

export function EntityHead({ entity, risks }: { readonly entity: EntityView; readonly risks: readonly Prediction[] }) {
  const words = useWords();
  const now = useNow();
  const labels = Object.entries(entity.labels);
  const silences = useSilences('active', entity.id).data?.items ?? [];
  return (
    <div>
      <PageTitle
        title={
          <>
            <span className="font-normal text-muted">{entity.kind}/</span>
            {entity.name}
          </>
        }
        note={stateInWords(words, entity, risks, now)}
      >
        <div className="flex items-center gap-3">
          <StateBadge state={entity.state} />
          {silences.length === 0 && <SilenceButton entity={entity.id} />}
        </div>
      </PageTitle>
      {!entity.learning.ready && <StillLearning entity={entity} />}
      <ul className="flex flex-wrap gap-x-5 gap-y-1 text-sm text-muted">
        <li>
          {words.say('dashboard-entity.lastData')}{' '}
          {entity.lastFrame === null ? words.say('dashboard.never') : <When time={entity.lastFrame} />}
        </li>
        <li>
          {words.say('dashboard-entity.firstSeen')} <When time={entity.firstSeen} />
        </li>
        {labels.map(([name, value]) => (
          <li key={name} className="break-all">
            {name}: <span className="text-ink">{value}</span>
          </li>
        ))}
      </ul>
      <SilencedNotice silences={silences} />
    </div>
  );
}
