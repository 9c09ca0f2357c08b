import { matchesPattern } from '../model/action-definition.ts';
import type { Config } from './schema.ts';

/** What a setting is asked for; what is not known is left out and matches only rules that do not ask for it. */
export interface SettingSubject {
  readonly entity?: string;
  /** Entity kind. */
  readonly kind?: string;
  /** Anomaly kind. */
  readonly anomaly?: string;
  /** Action id. */
  readonly action?: string;
}

/** The sections that overrides may change. */
export type Settings = Pick<Config, 'detect' | 'act'>;

const SUBJECTS = ['entity', 'kind', 'anomaly', 'action'] as const;

/** Takes the parts that are set over; a part that is left out stays. */
const over = <T extends object>(base: T, set: Partial<{ [K in keyof T]: T[K] | undefined }> | undefined): T =>
  set === undefined ? base : { ...base, ...set };

/** The settings in force for a subject: the configuration's, with every override that matches, later ones winning. */
export function settingsFor(config: Config, subject: SettingSubject): Settings {
  let settings: Settings = config;
  for (const { match, set } of config.overrides) {
    const fits = SUBJECTS.every((name) => {
      const { [name]: pattern } = match;
      const { [name]: asked } = subject;
      return pattern === undefined || (asked !== undefined && matchesPattern(pattern, asked));
    });
    if (!fits) continue;
    settings = { detect: over(settings.detect, set.detect), act: over(settings.act, set.act) };
  }
  return settings;
}
