import type { EntityId } from './entity.ts';

/** A feature that is far from its own normal. */
export interface Deviation {
  readonly feature: string;
  readonly way: 'up' | 'down' | 'gone';
  /** In spreads, 5 or more. */
  readonly strength: number;
  /** How far in its own unit, by which entities can be compared that are of different steadiness; 0 or more. */
  readonly moved: number;
}

/** Nothing is heard of it any more. */
export const SILENT: Deviation = { feature: 'frames', way: 'gone', strength: 5, moved: 0 };

/** A feature that speaks for or against an action. */
export interface TellingFeature {
  /** As in the frames; an event is `event_deploy`. */
  readonly name: string;
  /** Whether the entity has it and its peers do not. */
  readonly alone: boolean;
  /** How far from normal it is, in its own unit. */
  readonly moved: number;
}

/** What of an entity is far from its normal, whether its peers have the same, and what happened to it. */
export interface Evidence {
  readonly entity: EntityId;
  /** What it calls: where those have the same, it only waits for them. */
  readonly needs: readonly EntityId[];
  /** What happened to it, then what it has alone, then what it shares with its peers; the strongest before the weaker. */
  readonly features: readonly TellingFeature[];
  /** `deploy event`, or `lab_queue up alone`: metric, way, and whether most of its peers have the same; in the same order. */
  readonly words: readonly string[];
}

/** Words of one entity; more explain nothing. */
const MOST_WORDS = 24;
const metricOf = (feature: string): string => feature.split('{', 1)[0] ?? feature;
const wayOf = ({ feature, way }: Deviation): string => `${metricOf(feature)} ${way}`;

/** Tells what one entity has from what all of its kind have. `peers` are others of the same service. */
export function evidenceOf(
  {
    entity,
    events,
    needs = [],
  }: Pick<Evidence, 'entity'> & Partial<Pick<Evidence, 'needs'>> & { events: readonly string[] },
  own: readonly Deviation[],
  peers: readonly (readonly Deviation[])[],
): Evidence {
  const theirs = peers.map((deviations) => new Set(deviations.map(wayOf)));
  const isShared = (deviation: Deviation): boolean =>
    theirs.length > 0 && 2 * theirs.filter((ways) => ways.has(wayOf(deviation))).length >= theirs.length;
  const ordered = own
    .map((deviation) => ({ ...deviation, shared: isShared(deviation) }))
    .sort((a, b) => Number(a.shared) - Number(b.shared) || b.strength - a.strength);
  const words = ordered.map((deviation) => `${wayOf(deviation)} ${deviation.shared ? 'shared' : 'alone'}`);
  return {
    entity,
    needs,
    features: [
      ...events.map((name) => ({ name: `event_${name}`, alone: true, moved: 0 })),
      ...ordered.map(({ feature: name, shared, moved }) => ({ name, alone: !shared, moved })),
    ],
    words: [...new Set([...events.map((name) => `${name} event`), ...words])].slice(0, MOST_WORDS),
  };
}
