import type { Run } from '../../../src/model/action.ts';
import { useWords } from '../text/words.ts';
import { Section } from '../ui/section.tsx';
import { WaitingRun } from '../actions/waiting-run.tsx';

/** What waits for a person, one press away. */
export function Do({ waiting, className = '' }: { readonly waiting: readonly Run[]; readonly className?: string }) {
  const words = useWords();
  return (
    <Section id="do" title={words.say('dashboard-overview.do')} className={className}>
      {waiting.length === 0 ? (
        <p className="text-sm text-muted">{words.say('dashboard-overview.doEmpty')}</p>
      ) : (
        <ul className="space-y-3">
          {waiting.map((run) => (
            <li key={run.id}>
              <WaitingRun run={run} />
            </li>
          ))}
        </ul>
      )}
    </Section>
  );
}
