/** Everything that a process may do, in the order of the flow; `api` is the interface with the dashboard. */
export const STAGE_NAMES = [
  'collect',
  'logs',
  'prepare',
  'detect',
  'predict',
  'correlate',
  'recommend',
  'act',
  'learn',
  'api',
] as const;

export type StageName = (typeof STAGE_NAMES)[number];

export const ALL_STAGES: ReadonlySet<StageName> = new Set(STAGE_NAMES);
