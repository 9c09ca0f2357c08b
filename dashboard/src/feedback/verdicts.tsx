import { useState } from 'react';
import { useGiveFeedback } from '../api/changes.ts';
import { useFeedbackOn } from '../api/queries.ts';
import { useWords } from '../text/words.ts';
import { Button } from '../ui/button.tsx';
import { Group } from '../ui/group.tsx';
import { Failed } from '../ui/states.tsx';
import { FeedbackDialog } from './feedback-dialog.tsx';
import { Standing } from './standing.tsx';

const VERDICTS = ['real', 'false_alarm', 'expected'] as const;
type Verdict = (typeof VERDICTS)[number];

interface VerdictsProps {
  readonly target: 'anomaly' | 'incident';
  readonly id: string;
  readonly entity: string;
  /** Beside the buttons of a page's head the question is asked by their name alone. */
  readonly quiet?: boolean;
}

/**
 * Was it right? "Real" is in force with one press, as it silences nothing; the others show first what they would change.
 * What was said stands in place of the buttons, with its way back.
 */
export function Verdicts({ target, id, entity, quiet = false }: VerdictsProps) {
  const words = useWords();
  const said = useFeedbackOn(id).data?.items.filter((one) => one.target === target) ?? [];
  const give = useGiveFeedback();
  const [asking, setAsking] = useState<Verdict | null>(null);
  const question = words.say('dashboard-feedback.question');
  const press = (verdict: Verdict): void =>
    verdict === 'real' ? give.mutate({ target, targetId: id, verdict }) : setAsking(verdict);
  return (
    <div className="min-w-0">
      {said.map((one) => (
        <Standing key={one.id} said={one} />
      ))}
      {said.length === 0 && (
        <div className="flex flex-wrap items-center gap-x-3 gap-y-2">
          {!quiet && (
            <span aria-hidden className="text-sm text-muted">
              {question}
            </span>
          )}
          <Group label={question} className="flex flex-wrap gap-2">
            {VERDICTS.map((verdict) => (
              <Button key={verdict} busy={give.isPending} onClick={() => press(verdict)}>
                {words.name('feedback', verdict)}
              </Button>
            ))}
          </Group>
        </div>
      )}
      {give.error !== null && (
        <div className="mt-3">
          <Failed error={give.error} />
        </div>
      )}
      {asking !== null && (
        <FeedbackDialog
          said={{ target, targetId: id, verdict: asking }}
          title={words.name('feedback', asking)}
          note={words.say(`dashboard-feedback.note_${asking === 'expected' ? 'expected' : 'false_alarm'}`)}
          entity={entity}
          onClose={() => setAsking(null)}
        />
      )}
    </div>
  );
}
