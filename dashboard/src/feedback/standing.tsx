import { Undo2 } from 'lucide-react';
import type { Feedback } from '../../../src/model/failure.ts';
import { formatMoment } from '../../../src/text/format.ts';
import { useUndoFeedback } from '../api/changes.ts';
import { useNow } from '../format/now.ts';
import { useWords } from '../text/words.ts';
import { Button } from '../ui/button.tsx';
import { Failed } from '../ui/states.tsx';
import { When } from '../ui/when.tsx';

/** What stands: who said it, what it changes, and the way back. */
export function Standing({ said }: { readonly said: Feedback }) {
  const words = useWords();
  const now = useNow();
  const undo = useUndoFeedback();
  const { rule } = said;
  const changes = rule?.effect === undefined ? null : words.say(`dashboard-feedback.rule_${rule.effect}`);
  return (
    <div className="text-sm">
      <p className="flex flex-wrap items-center gap-x-2 gap-y-1">
        <span className="font-medium">{words.name('feedback', said.verdict)}</span>
        <span className="text-muted">
          {said.by} · <When time={said.time} />
          {changes !== null && ` · ${changes}`}
          {rule?.until != null &&
            ` ${words.say('dashboard-feedback.holdsUntil', { when: formatMoment(words.language, rule.until, { now }) })}`}
        </span>
        <Button look="link" busy={undo.isPending} onClick={() => undo.mutate(said.id)}>
          <Undo2 size={15} aria-hidden />
          {words.say('dashboard-feedback.shortcut')}
        </Button>
      </p>
      {said.note !== '' && <p className="text-muted">“{said.note}”</p>}
      {undo.error !== null && <Failed error={undo.error} />}
    </div>
  );
}
