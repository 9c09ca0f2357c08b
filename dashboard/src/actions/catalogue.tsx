import { duration } from '../format/duration.ts';
import type { ActionView, Settings } from '../../../src/api/contract/views.ts';
import { useSaveSettings } from '../api/changes.ts';
import { useWords } from '../text/words.ts';
import { Button } from '../ui/button.tsx';
import { Failed } from '../ui/states.tsx';

/** A mode that was set while Vigía runs stands above the configuration; this takes it back. */
function SetMode({ action, settings }: { readonly action: ActionView; readonly settings: Settings }) {
  const words = useWords();
  const save = useSaveSettings();
  const { [action.id]: set, ...others } = settings.modes;
  if (set === undefined) return null;
  return (
    <div className="text-sm">
      <p className="text-muted">
        {words.say('dashboard-pages.modeSet', { mode: words.name('mode', set).toLocaleLowerCase(words.language) })}
      </p>
      <Button busy={save.isPending} onClick={() => save.mutate({ ...settings, modes: others })}>
        {words.say('dashboard-pages.modeBack')}
      </Button>
      {save.error !== null && <Failed error={save.error} />}
    </div>
  );
}

/** What can be done, and what it brought so far. How far each goes by itself stands on the ladder. */
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
          {settings !== undefined && <SetMode action={action} settings={settings} />}
        </li>
      ))}
    </ul>
  );
}
