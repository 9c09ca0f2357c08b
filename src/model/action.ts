import { type Static, Type } from 'typebox';
import { EntityId } from './entity.ts';
import { Phrase } from './phrase.ts';

/** How far an action may go by itself. */
export const ACTION_MODES = ['observe', 'suggest', 'approve', 'auto'] as const;
export const ActionMode = Type.Enum([...ACTION_MODES]);
export type ActionMode = (typeof ACTION_MODES)[number];

/** One action of a recommendation, with what speaks for it. */
export const RankedAction = Type.Object({
  action: Type.String({ description: 'Id in the catalogue.' }),
  title: Type.Object({ en: Type.String(), es: Type.String() }),
  entity: EntityId,
  rank: Type.Integer({ minimum: 1 }),
  probability: Type.Number({ minimum: 0, maximum: 1, description: 'Of success.' }),
  low: Type.Number(),
  high: Type.Number({ description: 'low and high hold 80 % of the posterior.' }),
  tried: Type.Integer({ description: 'Similar cases with a verdict.' }),
  resolved: Type.Integer(),
  propensity: Type.Number({ minimum: 0, maximum: 1, description: 'Probability with which it was ranked first.' }),
  mode: ActionMode,
  blocked: Type.Union([Phrase, Type.Null()], { description: 'Why it may not run now; null when it may.' }),
  waits: Type.Optional(
    Type.Union([Phrase, Type.Null()], {
      description:
        'Why Vigía did not do it by itself when this was recommended, though its mode lets it; left out where nothing was in the way.',
    }),
  ),
  disruption: Type.Enum(['none', 'low', 'medium', 'high']),
  disruptionMinutes: Type.Optional(Type.Number({ description: 'What it is expected to cost, as minutes of trouble.' })),
  reasons: Type.Array(Phrase),
});
export type RankedAction = Static<typeof RankedAction>;

export const VERDICTS = ['resolved', 'ineffective', 'harmful', 'inconclusive'] as const;
export const Verdict = Type.Enum([...VERDICTS]);
export type Verdict = (typeof VERDICTS)[number];

/** A past case that is like the incident, and what came of it. */
export const SimilarCase = Type.Object({
  run: Type.String(),
  incident: Type.String(),
  entity: EntityId,
  action: Type.String(),
  verdict: Verdict,
  time: Type.Integer(),
  similarity: Type.Number({ minimum: 0, maximum: 1 }),
});
export type SimilarCase = Static<typeof SimilarCase>;

/** An action of the catalogue that was not ranked, and why. */
export const ConsideredAction = Type.Object({
  action: Type.String(),
  title: Type.Object({ en: Type.String(), es: Type.String() }),
  why: Phrase,
});
export type ConsideredAction = Static<typeof ConsideredAction>;

/** Actions for an incident, ranked. It is the message of the topic `recommendations`. */
export const Recommendation = Type.Object({
  id: Type.String(),
  incident: Type.String(),
  fleet: Type.String(),
  time: Type.Integer(),
  actions: Type.Array(RankedAction),
  policy: Type.Object({ kind: Type.String(), version: Type.String() }),
  reason: Phrase,
  explores: Type.Optional(
    Type.Union([Type.Boolean(), Type.Null()], { description: 'True when the first is tried to learn of it.' }),
  ),
  similar: Type.Optional(
    Type.Union([Type.Array(SimilarCase), Type.Null()], { description: 'Most alike first, at most 5 an action.' }),
  ),
  considered: Type.Optional(
    Type.Union([Type.Array(ConsideredAction), Type.Null()], {
      description: 'What else there is, and why it is not it.',
    }),
  ),
});
export type Recommendation = Static<typeof Recommendation>;

export const RUN_STATES = [
  'dry_run',
  'awaiting_approval',
  'running',
  'succeeded',
  'failed',
  'rolled_back',
  'rejected',
  'expired',
] as const;
export const RunState = Type.Enum([...RUN_STATES]);
export type RunState = (typeof RUN_STATES)[number];

/** One execution of an action. `plan` says exactly what would be or was done, with secrets left out. */
export const Run = Type.Object({
  id: Type.String(),
  incident: Type.Union([Type.String(), Type.Null()]),
  recommendation: Type.Union([Type.String(), Type.Null()]),
  fleet: Type.String(),
  action: Type.String(),
  entity: EntityId,
  dryRun: Type.Boolean(),
  state: RunState,
  plan: Type.Array(Type.String(), { description: 'The argv of a command, or method and address of a webhook.' }),
  decision: Type.Array(Phrase, { description: 'Every guardrail that was asked, with what it said.' }),
  requestedBy: Type.String(),
  requestedAt: Type.Integer(),
  expiresAt: Type.Union([Type.Integer(), Type.Null()]),
  decidedBy: Type.Union([Type.String(), Type.Null()]),
  decidedAt: Type.Union([Type.Integer(), Type.Null()]),
  startedAt: Type.Union([Type.Integer(), Type.Null()]),
  endedAt: Type.Union([Type.Integer(), Type.Null()]),
  exitCode: Type.Union([Type.Integer(), Type.Null()]),
  output: Type.String({
    description: 'The last of what it printed, bounded; while it runs, what it has printed so far.',
  }),
  error: Type.Union([Phrase, Type.Null()]),
});
export type Run = Static<typeof Run>;

/** What somebody sees who follows a signed link to a run that waits for an approval. */
export const LinkView = Type.Object({
  run: Run,
  title: Type.Object({ en: Type.String(), es: Type.String() }),
  disruption: Type.Enum(['none', 'low', 'medium', 'high']),
  channel: Type.String({ description: 'Name of the channel that the link was sent to.' }),
  role: Type.Enum(['operator', 'admin'], { description: 'What the link may do.' }),
  needs: Type.Enum(['operator', 'admin'], { description: 'What the action asks for.' }),
  mayApprove: Type.Boolean(),
  expiresAt: Type.Integer(),
});
export type LinkView = Static<typeof LinkView>;

/** Whether Vigía may act by itself, and why not. */
export const Automation = Type.Object({
  killSwitch: Type.Boolean({ description: 'By the setting, the file or the environment.' }),
  breaker: Type.Object({
    open: Type.Boolean({ description: 'True when automation has stopped itself; a person resets it.' }),
    reason: Type.Union([Phrase, Type.Null()]),
  }),
});
export type Automation = Static<typeof Automation>;

/** What a run brought. It is the message of the topic `outcomes`. */
export const Outcome = Type.Object({
  id: Type.String(),
  run: Type.String(),
  incident: Type.Union([Type.String(), Type.Null()]),
  fleet: Type.String(),
  action: Type.String(),
  entity: EntityId,
  verdict: Verdict,
  decidedAt: Type.Integer(),
  evidence: Type.Array(
    Type.Object({
      feature: Type.String(),
      before: Type.Union([Type.Number(), Type.Null()]),
      after: Type.Union([Type.Number(), Type.Null()]),
      unit: Type.String(),
    }),
  ),
  reason: Phrase,
});
export type Outcome = Static<typeof Outcome>;
