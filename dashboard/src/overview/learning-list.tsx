import type { EntityView } from '../../../src/api/contract/views.ts';
import { Link } from 'wouter';
import { learningProgress } from '../format/learning.ts';
import { entityHref } from '../format/names.ts';
import { useNow } from '../format/now.ts';
import { useWords } from '../text/words.ts';
import { Progress } from '../ui/progress.tsx';
import { Section } from '../ui/section.tsx';

/** So many have a bar of their own; more are told in one sum. */
const SHOWN = 4;

function LearningRow({ entity }: { readonly entity: EntityView }) {
  const words = useWords();
  const now = useNow();
  const { learning } = entity;
  return (
    <li>
      <Link href={entityHref(entity.id)} className="quiet-link block truncate text-sm font-medium">
        {entity.id}
      </Link>
      <div className="my-1.5">
        <Progress
          value={learning.frames}
          of={learning.needed}
          label={words.say('dashboard.learningOf', { entity: entity.id })}
        />
      </div>
      <p className="text-sm text-muted">
        {words.say('dashboard.learning', { progress: learningProgress(words, learning, now) })}
      </p>
    </li>
  );
}

function LearningSum({ entities }: { readonly entities: readonly EntityView[] }) {
  const words = useWords();
  const now = useNow();
  const frames = entities.reduce((sum, { learning }) => sum + learning.frames, 0);
  const needed = entities.reduce((sum, { learning }) => sum + learning.needed, 0);
  const last = Math.max(...entities.map(({ learning }) => learning.readyAt ?? 0));
  const sum = {
    ready: false,
    frames: Math.round(frames / entities.length),
    needed: Math.round(needed / entities.length),
    readyAt: last > 0 ? last : null,
  };
  const text = words.say('dashboard-overview.learningMany', {
    count: entities.length,
    progress: learningProgress(words, sum, now),
  });
  return (
    <>
      <Progress value={frames} of={needed} label={words.say('dashboard.stillLearning')} />
      <p className="mt-2 text-sm text-muted">{text}</p>
    </>
  );
}

/** What cannot be judged yet, and from when on it can. */
export function LearningList({
  entities,
  className = '',
}: {
  readonly entities: readonly EntityView[];
  readonly className?: string;
}) {
  const words = useWords();
  const learning = entities.filter(({ learning: { ready }, state }) => !ready && state !== 'silent');
  if (learning.length === 0) return null;
  return (
    <Section title={words.say('dashboard.stillLearning')} className={className}>
      {learning.length <= SHOWN ? (
        <ul className="space-y-4">
          {learning.map((entity) => (
            <LearningRow key={entity.id} entity={entity} />
          ))}
        </ul>
      ) : (
        <LearningSum entities={learning} />
      )}
    </Section>
  );
}
