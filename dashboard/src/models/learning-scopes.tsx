import type { LearningState } from '../../../src/model/failure-model.ts';
import { useTrainModel } from '../api/changes.ts';
import { duration } from '../format/duration.ts';
import { useNow } from '../format/now.ts';
import { useWords } from '../text/words.ts';
import { Button } from '../ui/button.tsx';
import { Progress } from '../ui/progress.tsx';
import { Failed } from '../ui/states.tsx';
import { When } from '../ui/when.tsx';
import { secondsLeft } from './time-left.ts';

function Training({ learning }: { readonly learning: LearningState }) {
  const words = useWords();
  const now = useNow();
  const left = secondsLeft(learning, now);
  return (
    <div className="mt-2">
      <Progress
        value={learning.progress}
        of={1}
        label={words.say('dashboard.learningOf', { entity: learning.scope })}
      />
      <p className="mt-1.5 text-sm text-muted">
        {words.say(`dashboard-models.step_${learning.step}` as 'dashboard-models.step_read')}
        {left !== null && `, ${words.say('dashboard-models.about', { left: duration(words, left) })}`}
      </p>
    </div>
  );
}

/** Where learning of one kind of entity stands; what is missing when it cannot. */
export function LearningScope({ learning }: { readonly learning: LearningState }) {
  const words = useWords();
  const train = useTrainModel();
  const { state, scope, missing, endedAt } = learning;
  return (
    <div>
      <div className="flex flex-wrap items-center justify-between gap-x-4 gap-y-2">
        <p>
          <span className="font-medium">{scope}</span>{' '}
          <span className="text-muted">
            {words.say(`dashboard-models.state_${state}`)}
            {endedAt !== null && (
              <>
                {' · '}
                <When time={endedAt} />
              </>
            )}
          </span>
        </p>
        {state !== 'training' && (
          <Button busy={train.isPending} disabled={train.isSuccess} onClick={() => train.mutate(scope)}>
            {words.say(train.isSuccess ? 'dashboard-models.trainAsked' : 'dashboard-models.train')}
          </Button>
        )}
      </div>
      {missing !== null && <p className="mt-1 max-w-prose text-sm text-muted">{words.phrase(missing)}</p>}
      {state === 'training' && <Training learning={learning} />}
      {train.error !== null && <Failed error={train.error} />}
    </div>
  );
}
