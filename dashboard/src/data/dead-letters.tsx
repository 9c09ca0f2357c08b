import type { DeadLetter } from '../../../src/model/topics.ts';
import { useReplay, useReplayAll } from '../api/changes.ts';
import { useDeadLetters } from '../api/queries.ts';
import { useWords } from '../text/words.ts';
import { Button } from '../ui/button.tsx';
import { Listed } from '../ui/listed.tsx';
import { Section } from '../ui/section.tsx';
import { Empty, Failed } from '../ui/states.tsx';
import { VirtualList } from '../ui/virtual-list.tsx';
import { When } from '../ui/when.tsx';

function LetterRow({ letter }: { readonly letter: DeadLetter }) {
  const words = useWords();
  const replay = useReplay();
  const sent = letter.replayedAt ?? null;
  return (
    <div className="flex flex-wrap items-start justify-between gap-x-4 gap-y-2 px-5 py-3 text-sm">
      <div className="min-w-0 flex-1 basis-64">
        <p className="font-medium break-words">{letter.reason}</p>
        <p className="text-muted break-words">
          {letter.topic} → {letter.group} · {letter.key} · <When time={letter.time} />
        </p>
        {replay.error !== null && <p className="mt-1 text-warning">{replay.error.message}</p>}
      </div>
      {sent === null ? (
        <Button busy={replay.isPending} onClick={() => replay.mutate(letter.id)}>
          {words.say('dashboard-quality.again')}
        </Button>
      ) : (
        <p className="text-muted">
          {words.say('dashboard-quality.sentAgain')} <When time={sent} />
          {letter.replayedBy != null && ` · ${letter.replayedBy}`}
        </p>
      )}
    </div>
  );
}

/** What became of the letters that were sent again together. */
function AllAgain() {
  const words = useWords();
  const all = useReplayAll();
  return (
    <>
      <Button busy={all.isPending} onClick={() => all.mutate()}>
        {words.say('dashboard-quality.allAgain')}
      </Button>
      <output className="block w-full text-sm text-muted">
        {all.data !== undefined && words.say('dashboard-quality.allAgainDone', { count: all.data.sent })}{' '}
        {all.data !== undefined &&
          all.data.unreadable > 0 &&
          words.say('dashboard-quality.cut', { count: all.data.unreadable })}
      </output>
      {all.error !== null && <Failed error={all.error} />}
    </>
  );
}

/** Messages that could not be processed, and another try for them. */
export function DeadLetters() {
  const words = useWords();
  const dead = useDeadLetters();
  const waiting = dead.data?.items.some(({ replayedAt }) => replayedAt == null) ?? false;
  return (
    <Section
      title={words.say('dashboard-pages.deadLetters')}
      note={words.say('dashboard-pages.deadLettersNote')}
      aside={waiting ? <AllAgain /> : undefined}
    >
      <Listed query={dead} empty={<Empty title={words.say('dashboard-pages.deadLettersEmpty')} />}>
        {(items) => (
          <VirtualList
            items={items}
            keyOf={({ id }) => id}
            label={words.say('dashboard-pages.deadLetters')}
            rowHeight={70}
            renderRow={(letter) => <LetterRow letter={letter} />}
          />
        )}
      </Listed>
    </Section>
  );
}
