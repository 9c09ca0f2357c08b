import { type Static, Type } from 'typebox';
import type { Json } from './detector.ts';
import { EntityId } from './entity.ts';

/** Kind under which the registry lists the models of sequences. */
export const SEQUENCE_ARTEFACT = 'sequence';

/** Tail probabilities at which sessions are counted: the largest needs a hundred sessions that were held out, the smallest a thousand. */
export const ODD_LEVELS = [0.01, 0.001] as const;

/** Sessions of an entity that ended and were judged in a step, and those no more likely than their label `p`. */
export const SESSIONS_METRIC = 'log_sessions';
export const ODD_SESSIONS_METRIC = 'log_sessions_odd';

/** Whether a metric counts sessions: those are judged by themselves, and no other model looks at them. */
export const isSessionMetric = (metric: string): boolean =>
  metric === SESSIONS_METRIC || metric === ODD_SESSIONS_METRIC;

/** Checkpoint with the ids of patterns that were joined with others: pairs of before and now. */
export const JOINED_PATTERNS = { stage: 'logs.joined', key: 'patterns' } as const;

/** The pairs of such a checkpoint; what is damaged is passed over. */
export const joinedPairs = (state: Json | undefined): readonly (readonly [string, string])[] =>
  Array.isArray(state) ? state.filter(isPair) : [];

const isPair = (pair: Json): pair is readonly [string, string] =>
  Array.isArray(pair) && pair.length === 2 && pair.every((id) => typeof id === 'string');

/** A pattern as the number that models know it by: its id is the number in hexadecimals. */
export const eventOf = (template: string): number => Number.parseInt(template.slice(0, 12), 16) || 0;
export const templateOf = (event: number): string => event.toString(16).padStart(12, '0');

/** A session as models see it, where it is learnt and where it is judged: under the ids that its patterns have now. */
export const eventsOf = (templates: readonly string[], joined: ReadonlyMap<string, string>): readonly number[] =>
  templates.map((template) => eventOf(joined.get(template) ?? template));

/** Lines of one session of an entity, as their patterns in order. Which session it was is not kept. */
export const LogSequence = Type.Object({
  id: Type.String(),
  entity: EntityId,
  fleet: Type.String(),
  start: Type.Integer({ description: 'Time of its first line, Unix ms.' }),
  end: Type.Integer({ description: 'Time of its last line, included.' }),
  templates: Type.Array(Type.String(), { description: 'Patterns of its lines, in order; the first 200.' }),
  sampled: Type.Boolean({ description: 'Kept because any session had the same chance to be, and so learnt from.' }),
  pValue: Type.Union([Type.Number({ minimum: 0, maximum: 1 }), Type.Null()], {
    description: 'Share of normal sessions that are as odd; null when there was no model yet.',
  }),
  model: Type.Union([Type.String(), Type.Null()]),
  position: Type.Union([Type.Integer({ minimum: 0 }), Type.Null()], {
    description: 'The most unexpected line, from 0; the number of lines when it is that there were no more.',
  }),
  expected: Type.Array(
    Type.Object({
      template: Type.Union([Type.String(), Type.Null()], { description: 'Null stands for the end of the session.' }),
      probability: Type.Number({ minimum: 0, maximum: 1 }),
    }),
    { description: 'What usually stands there, most likely first; three at most.' },
  ),
});
export type LogSequence = Static<typeof LogSequence>;
