import type { SettingsPort } from '../api/deps.ts';
import type { Settings } from '../api/contract/views.ts';
import type { Config } from '../config/schema.ts';
import { type ActionMode, ACTION_MODES } from '../model/action.ts';
import type { Json } from '../model/detector.ts';
import type { Clock } from '../runtime/clock.ts';
import type { SettingStore } from '../store/store.ts';
import { LANGUAGES } from '../text/language.ts';

const isMode = (value: unknown): value is ActionMode => ACTION_MODES.includes(value as ActionMode);

const isCount = (value: unknown): value is number => typeof value === 'number' && value >= 0;

/** What was stored, where it still makes sense; the rest is as configured. */
function merge(stored: ReadonlyMap<string, Json>, configured: Settings): Settings {
  const language = stored.get('language');
  const killSwitch = stored.get('killSwitch');
  const budget = (stored.get('alertBudget') ?? {}) as { readonly pages?: unknown; readonly warnings?: unknown };
  const modes = (stored.get('modes') ?? {}) as Readonly<Record<string, unknown>>;
  return {
    language: LANGUAGES.find((known) => known === language) ?? configured.language,
    killSwitch: killSwitch === true,
    alertBudget: {
      pages: isCount(budget.pages) ? budget.pages : configured.alertBudget.pages,
      warnings: isCount(budget.warnings) ? budget.warnings : configured.alertBudget.warnings,
    },
    modes: Object.fromEntries(Object.entries(modes).filter((entry): entry is [string, ActionMode] => isMode(entry[1]))),
  };
}

/**
 * The settings that may be changed while it runs: those of the configuration, over them what the store keeps. They are
 * read from memory, so that the kill switch needs no database; a change is in force at once and then stored.
 */
export async function createSettings(
  config: Config,
  deps: { readonly store: SettingStore; readonly clock: Clock; readonly onChange: () => void },
): Promise<RunSettings> {
  const { language, alertBudget } = config;
  const configured: Settings = {
    language,
    killSwitch: false,
    alertBudget: { pages: alertBudget.pages.count, warnings: alertBudget.warnings.count },
    modes: {},
  };
  let current = merge(await deps.store.all(), configured);
  let changes = 0;
  let unsaved: Change | null = null;
  const save = async (change: Change): Promise<void> => {
    const { settings, by, time } = change;
    for (const [key, value] of Object.entries(settings)) await deps.store.set(key, value, by, time);
    if (unsaved === change) unsaved = null;
  };
  return {
    current: () => current,
    change: async (settings, by) => {
      changes++;
      current = settings;
      unsaved = { settings, by, time: deps.clock.now() };
      deps.onChange();
      await save(unsaved);
    },
    read: async () => {
      // Whoever stops everything while there is no database means it, also when that is back.
      if (unsaved !== null) await save(unsaved);
      const before = changes;
      const stored = merge(await deps.store.all(), configured);
      // What was changed here while it was read is newer than what was read.
      if (before === changes && unsaved === null) current = stored;
    },
  };
}

/** What was changed here and may not be stored yet. */
interface Change {
  readonly settings: Settings;
  readonly by: string;
  /** Unix ms. */
  readonly time: number;
}

/** The settings, and what brings in what other processes have changed. */
export interface RunSettings extends SettingsPort {
  read(): Promise<void>;
}
