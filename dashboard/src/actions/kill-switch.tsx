import type { Settings } from '../../../src/api/contract/views.ts';
import { OctagonX } from 'lucide-react';
import { useState } from 'react';
import { useSaveSettings, useStopAll } from '../api/changes.ts';
import { useAutomation } from '../api/queries.ts';
import { useWords } from '../text/words.ts';
import { Button } from '../ui/button.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { Failed } from '../ui/states.tsx';

/** Asks before things run again. */
function Release({ settings, onClose }: { readonly settings: Settings; readonly onClose: () => void }) {
  const words = useWords();
  const save = useSaveSettings();
  const release = (): void => save.mutate({ ...settings, killSwitch: false }, { onSuccess: onClose });
  return (
    <Dialog title={words.say('dashboard-pages.releaseTitle')} onClose={onClose}>
      <p className="mb-5 text-sm text-muted">{words.say('dashboard-pages.releaseDetail')}</p>
      {save.error !== null && <Failed error={save.error} />}
      <div className="flex justify-end gap-2">
        <Button onClick={onClose}>{words.say('dashboard.cancel')}</Button>
        <Button look="primary" busy={save.isPending} onClick={release}>
          {words.say('dashboard-pages.release')}
        </Button>
      </div>
    </Dialog>
  );
}

/** Stops everything with one press; asks only before it lets things run again. */
export function KillSwitch({ settings }: { readonly settings: Settings }) {
  const words = useWords();
  const stop = useStopAll();
  const [asking, setAsking] = useState(false);
  const inForce = useAutomation().data?.killSwitch === true;
  // By the file or the environment it is on whatever the setting says, and this page cannot let it go.
  const outside = inForce && !settings.killSwitch;
  const stopped = settings.killSwitch || outside;
  return (
    <div className={`card flex flex-wrap items-center justify-between gap-4 p-5 ${stopped ? 'border-critical' : ''}`}>
      <div className="flex min-w-0 items-start gap-3">
        <OctagonX size={20} aria-hidden className={`mt-0.5 shrink-0 ${stopped ? 'text-critical' : 'text-muted'}`} />
        <div>
          <p className="font-semibold">
            {words.say(stopped ? 'dashboard-pages.stopped' : 'dashboard-pages.notStopped')}
          </p>
          <p className="text-sm text-muted">
            {words.say(
              `dashboard-pages.${outside ? 'stoppedOutside' : stopped ? 'stoppedDetail' : 'notStoppedDetail'}`,
            )}
          </p>
        </div>
      </div>
      {settings.killSwitch ? (
        <Button onClick={() => setAsking(true)}>{words.say('dashboard-pages.release')}</Button>
      ) : (
        <Button look="danger" busy={stop.isPending} onClick={() => stop.mutate(undefined)}>
          {words.say('dashboard-pages.stopAll')}
        </Button>
      )}
      {stop.error !== null && <Failed error={stop.error} />}
      {asking && <Release settings={settings} onClose={() => setAsking(false)} />}
    </div>
  );
}
