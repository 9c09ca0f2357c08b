import type { Settings } from '../../../src/api/contract/views.ts';
import { useState } from 'react';
import { useSaveSettings } from '../api/changes.ts';
import { useWords } from '../text/words.ts';
import { Button } from '../ui/button.tsx';
import { Failed } from '../ui/states.tsx';
import { field } from './field.ts';

/** How often anybody may be woken, and how often told by day. */
export function BudgetForm({ settings }: { readonly settings: Settings }) {
  const words = useWords();
  const save = useSaveSettings();
  const [pages, setPages] = useState(String(settings.alertBudget.pages));
  const [warnings, setWarnings] = useState(String(settings.alertBudget.warnings));
  const fields = [
    { label: words.say('dashboard-overview.pages'), value: pages, set: setPages },
    { label: words.say('dashboard-overview.warningsLine'), value: warnings, set: setWarnings },
  ];
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate({ ...settings, alertBudget: { pages: Number(pages), warnings: Number(warnings) } });
      }}
    >
      <div className="flex flex-wrap items-end gap-3">
        {fields.map(({ label, value, set }) => (
          <label key={label} className="text-sm text-muted">
            {label}
            <input
              type="number"
              min={0}
              step={1}
              required
              value={value}
              onChange={(event) => set(event.target.value)}
              className={`${field} mt-1 block w-28 text-ink`}
            />
          </label>
        ))}
        <Button type="submit" busy={save.isPending}>
          {words.say(save.isSuccess ? 'dashboard-pages.saved' : 'dashboard-pages.save')}
        </Button>
      </div>
      {save.error !== null && (
        <div className="mt-3">
          <Failed error={save.error} />
        </div>
      )}
    </form>
  );
}
