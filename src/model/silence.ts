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

/** Whether some text fits both patterns. At most `a × b` in time. */
export function patternsMeet(a: string, b: string): boolean {
  // For each place in `b`, whether the rests of both from here on have a text in common; from the end of `a` to its start.
  let rest = Array.from({ length: b.length + 1 }, (_, j) => /^\**$/.test(b.slice(j)));
  for (let i = a.length - 1; i >= 0; i--) {
    const here = Array.from({ length: b.length + 1 }, () => false);
    for (let j = b.length; j >= 0; j--) {
      const [left, right] = [a[i], b[j]];
      if (left === '*') here[j] = rest[j]! || (j < b.length && here[j + 1]!);
      else if (right === '*') here[j] = here[j + 1]! || rest[j]!;
      else here[j] = right !== undefined && (left === right || left === '?' || right === '?') && rest[j + 1]!;
    }
    rest = here;
  }
  return rest[0]!;
}

/** Patterns of entity ids, all of which must fit. */
const idPatterns = ({ entity, kind }: SilenceMatch): readonly string[] => [
  ...(entity === undefined ? [] : [entity]),
  ...(kind === undefined ? [] : [`${kind}/*`]),
];

/** What is above an entity in the topology: its machine, the wholes that it is part of, and so on up. */
type Above = (entity: EntityId) => Iterable<EntityId>;

/** Whether the one is, by what is below it, also about the entity that the other names. */
function reachesDown(one: SilenceMatch, { entity }: SilenceMatch, above: Above): boolean {
  if (one.below !== true || entity === undefined || /[*?]/.test(entity)) return false;
  for (const id of above(entity)) if (matchesEntity(one, id)) return true;
  return false;
}

/** Whether two may be about some of the same things. */
export function silencesMeet(a: SilenceMatch, b: SilenceMatch, above: Above = () => []): boolean {
  if (!patternsMeet(a.anomaly ?? '*', b.anomaly ?? '*')) return false;
  const beside = idPatterns(a).every((one) => idPatterns(b).every((other) => patternsMeet(one, other)));
  return beside || reachesDown(a, b, above) || reachesDown(b, a, above);
}
