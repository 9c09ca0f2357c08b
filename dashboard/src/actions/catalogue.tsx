import { duration } from '../format/duration.ts';
import type { ActionView, Settings } from '../../../src/api/contract/views.ts';
import type { ActionMode } from '../../../src/model/action.ts';
import { useSaveSettings } from '../api/changes.ts';
import { useWords } from '../text/words.ts';
import { Failed } from '../ui/states.tsx';
import { LADDER } from './ladder-steps.ts';

function ModeSelect({ action, settings }: { readonly action: ActionView; readonly settings: Settings | undefined }) {
  const words = useWords();
  const save = useSaveSettings();
  return (
    <>
      <select
        aria-label={words.say('dashboard-pages.modeOf', { action: action.title[words.language] })}
        value={action.mode}
        disabled={settings === undefined || save.isPending}
        onChange={(event) =>
          settings !== undefined &&
          save.mutate({ ...settings, modes: { ...settings.modes, [action.id]: event.target.value as ActionMode } })
        }
        className="h-10 rounded-lg border border-line-strong bg-surface px-2.5 text-sm"
      >
        {LADDER.map((mode) => (
          <option key={mode} value={mode}>
            {words.name('mode', mode)}
          </option>
        ))}
      </select>
      {save.error !== null && <Failed error={save.error} />}
    </>
  );
}

/** What can be done, how far each may go by itself, and what it brought so far. */
export function Catalogue({
  actions,
  settings,
}: {
  readonly actions: readonly ActionView[];
  readonly settings: Settings | undefined;
}) {
  const words = useWords();
  const tally = ({ tally: counts }: ActionView): string => {
    const parts = Object.entries(counts).filter(([, count]) => count > 0);
    return parts.length === 0
      ? words.say('dashboard-pages.neverRan')
      : parts.map(([verdict, count]) => `${words.name('verdict', verdict)} ${count}`).join(', ');
  };
  return (
    <ul className="card divide-y divide-line">
      {actions.map((action) => (
        <li key={action.id} className="flex flex-wrap items-center justify-between gap-x-6 gap-y-3 px-5 py-4">
          <div className="min-w-0 flex-1 basis-72">
            <p className="font-medium">{action.title[words.language]}</p>
            <p className="text-sm text-muted">
              {[action.executor, words.name('disruption', action.disruption), ...action.entityKinds].join(' · ')}
              {' · '}
              {words.say('dashboard-pages.settle', {
                settle: duration(words, action.settleSeconds),
                cooldown: duration(words, action.cooldownSeconds),
              })}
            </p>
            <p className="text-sm text-muted">{tally(action)}</p>
          </div>
          <ModeSelect action={action} settings={settings} />
        </li>
      ))}
    </ul>
  );
}
