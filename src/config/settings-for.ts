import { matchesPattern } from '../model/action-definition.ts';
import {
  type AlertBudget,
  type AlertLine,
  type AlertPots,
  FLEET_POT,
  fleetPots,
  type PotLine,
} from '../model/alert.ts';
import type { Config } from './schema.ts';

/** What a setting is asked for; what is not known is left out and matches only rules that do not ask for it. */
export interface SettingSubject {
  readonly entity?: string;
  /** Entity kind. */
  readonly kind?: string;
  /** Service that the entity is or belongs to. */
  readonly service?: string;
  /** Anomaly kind. */
  readonly anomaly?: string;
  /** Action id. */
  readonly action?: string;
}

/** The sections that overrides may change. */
export type Settings = Pick<Config, 'detect' | 'act'>;

const SUBJECTS = ['entity', 'kind', 'service', 'anomaly', 'action'] as const;

type Match = Config['overrides'][number]['match'];

/** Takes the parts that are set over; a part that is left out stays. */
const over = <T extends object>(base: T, set: Partial<{ [K in keyof T]: T[K] | undefined }> | undefined): T =>
  set === undefined ? base : { ...base, ...set };

const fits = (match: Match, subject: SettingSubject): boolean =>
  SUBJECTS.every((name) => {
    const { [name]: pattern } = match;
    const { [name]: asked } = subject;
    return pattern === undefined || (asked !== undefined && matchesPattern(pattern, asked));
  });

/** The settings in force for a subject: the configuration's, with every override that matches, later ones winning. */
export function settingsFor(config: Config, subject: SettingSubject): Settings {
  let settings: Settings = config;
  for (const { match, set } of config.overrides) {
    if (!fits(match, subject)) continue;
    settings = { detect: over(settings.detect, set.detect), act: over(settings.act, set.act) };
  }
  return settings;
}

/** `kind=pod service=shop`: what an override matches, as a name that stays when others are added. */
const nameOf = (match: Match): string =>
  SUBJECTS.flatMap((name) => (match[name] === undefined ? [] : [`${name}=${match[name]}`])).join(' ');

/**
 * The pots that alerts about a subject are taken from. What an override with a budget matches has a pot of its own,
 * counted apart from the fleet's; a line that it leaves out stays with the fleet.
 */
export function potsFor(config: Config, fleet: AlertBudget, subject: SettingSubject): AlertPots {
  let pots = fleetPots(fleet);
  for (const { match, set } of config.overrides) {
    const { pages, warnings } = set.alertBudget ?? {};
    if ((pages ?? warnings) === undefined || !fits(match, subject)) continue;
    const pot = nameOf(match);
    pots = {
      pages: pages === undefined ? pots.pages : { ...pages, pot },
      warnings: warnings === undefined ? pots.warnings : { ...warnings, pot },
    };
  }
  return pots;
}

/** Every pot that there is, the fleet's first. */
export function allPots(config: Config, fleet: AlertBudget): readonly { line: AlertLine; pot: PotLine }[] {
  const found = new Map<string, { line: AlertLine; pot: PotLine }>();
  const lines = ['pages', 'warnings'] as const;
  for (const line of lines) found.set(`${line} ${FLEET_POT}`, { line, pot: fleetPots(fleet)[line] });
  for (const { match, set } of config.overrides) {
    for (const line of lines) {
      const limit = set.alertBudget?.[line];
      if (limit !== undefined) found.set(`${line} ${nameOf(match)}`, { line, pot: { ...limit, pot: nameOf(match) } });
    }
  }
  return [...found.values()];
}
