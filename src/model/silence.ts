import { type Static, Type } from 'typebox';
import { matchesPattern } from './action-definition.ts';
import { type EntityId, parseEntityId } from './entity.ts';

const Pattern = (description: string) => Type.Optional(Type.String({ minLength: 1, maxLength: 512, description }));

/** What a silence is about; what is left out matches anything. At least one has to be there. */
export const SilenceMatch = Type.Object({
  entity: Pattern('Entity id, with `*` for anything.'),
  kind: Pattern('Entity kind, with `*` for anything.'),
  anomaly: Pattern('Kind of anomaly or prediction, with `*` for anything.'),
  below: Type.Optional(Type.Boolean({ description: 'Also what runs on, or is a part of, an entity that matches.' })),
});
export type SilenceMatch = Static<typeof SilenceMatch>;

/**
 * A stretch of time in which trouble of some entities wakes nobody: incidents are recorded, but take neither page nor
 * warning. `maintenance` says besides that somebody works there, so that automation keeps its hands off.
 */
export const Silence = Type.Object({
  id: Type.String(),
  kind: Type.Enum(['silence', 'maintenance']),
  match: SilenceMatch,
  from: Type.Integer({ description: 'Unix time in milliseconds.' }),
  to: Type.Integer({ description: 'Exclusive.' }),
  why: Type.String({ maxLength: 4000 }),
  by: Type.String(),
  createdAt: Type.Integer(),
  updatedAt: Type.Integer(),
  endedBy: Type.Union([Type.String(), Type.Null()], {
    description: 'Who ended it before its time; null when nobody did.',
  }),
  event: Type.Union([Type.String(), Type.Null()], {
    description: 'Id of the event that opened it; null when a person did.',
  }),
});
export type Silence = Static<typeof Silence>;

export const SILENCE_STATES = ['scheduled', 'active', 'over'] as const;
export type SilenceState = (typeof SILENCE_STATES)[number];

export function silenceState({ from, to }: Pick<Silence, 'from' | 'to'>, now: number): SilenceState {
  if (now >= to) return 'over';
  return now < from ? 'scheduled' : 'active';
}

/** Of what it is asked whether it is silenced. */
export interface SilenceSubject {
  readonly entity: EntityId;
  /** Kind of anomaly or prediction; left out, only silences of every kind count. */
  readonly anomaly?: string;
  /** The machine that the entity runs on, the wholes it is part of, and so on up; for `below`. */
  readonly above?: Iterable<EntityId>;
}

function matchesEntity({ entity, kind }: SilenceMatch, id: EntityId): boolean {
  if (entity !== undefined && !matchesPattern(entity, id)) return false;
  return kind === undefined || matchesPattern(kind, parseEntityId(id).kind);
}

/** Whether a silence is about this, whatever the time. */
export function silenceMatches({ match }: Pick<Silence, 'match'>, subject: SilenceSubject): boolean {
  const { entity, anomaly, above = [] } = subject;
  if (match.anomaly !== undefined && (anomaly === undefined || !matchesPattern(match.anomaly, anomaly))) return false;
  if (matchesEntity(match, entity)) return true;
  if (match.below !== true) return false;
  for (const id of above) if (matchesEntity(match, id)) return true;
  return false;
}

const MATCHERS = ['entity', 'kind', 'anomaly'] as const;

/** Whether two may be about some of the same things: no matcher of the one rules out the other's. */
export const silencesMeet = (a: SilenceMatch, b: SilenceMatch): boolean =>
  MATCHERS.every((name) => {
    const [left, right] = [a[name], b[name]];
    if (left === undefined || right === undefined) return true;
    return matchesPattern(left, right) || matchesPattern(right, left);
  });
