import type { EntityHistory, PastEvent } from '../../model/predictor.ts';

/** What a row is told beside its signals; each is one number. */
export type Trait =
  | { readonly kind: 'age' }
  | { readonly kind: 'gap' }
  | { readonly kind: 'failures'; readonly within: number | null }
  | { readonly kind: 'since-failure' }
  | { readonly kind: 'failure-rate' }
  | { readonly kind: 'events'; readonly name: string; readonly within: number }
  | { readonly kind: 'since-event'; readonly name: string }
  | { readonly kind: 'event-value'; readonly name: string }
  | { readonly kind: 'hour-of-day' }
  | { readonly kind: 'day-of-week' };

/** Most event names that are told apart, the most frequent ones. */
const MOST_NAMES = 16;
const DAY_MS = 86_400_000;

export interface TraitScale {
  /** The largest horizon: past events count within a part and a multiple of it. */
  readonly cap: number;
  readonly step: number;
  readonly unitMs: number | null;
}

/** Every trait that the training entities can show. */
export function traitsOf(entities: readonly EntityHistory[], { cap, unitMs }: TraitScale): Trait[] {
  const traits: Trait[] = [{ kind: 'age' }, { kind: 'gap' }];
  // Runs that end in their failure have no past ones.
  if (entities.some((entity) => entity.failures.some(({ time }) => time < (entity.times.at(-1) ?? -Infinity)))) {
    for (const within of [1, 4, 16, 64]) traits.push({ kind: 'failures', within: within * cap });
    traits.push({ kind: 'failures', within: null }, { kind: 'since-failure' }, { kind: 'failure-rate' });
  }
  for (const name of frequentNames(entities)) {
    for (const within of [0.25, 1, 4]) traits.push({ kind: 'events', name, within: within * cap });
    traits.push({ kind: 'since-event', name }, { kind: 'event-value', name });
  }
  if (unitMs !== null) traits.push({ kind: 'hour-of-day' }, { kind: 'day-of-week' });
  return traits;
}

function frequentNames(entities: readonly EntityHistory[]): string[] {
  const counts = new Map<string, number>();
  for (const { events } of entities) for (const { name } of events) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts]
    .sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))
    .slice(0, MOST_NAMES)
    .map(([name]) => name);
}

/** Looks traits of rows of one entity up; only what lies at or before a row's time counts. */
export function createTraitReader(history: EntityHistory, scale: TraitScale) {
  const failureTimes = Float64Array.from(history.failures, ({ time }) => time);
  const byName = new Map<string, PastEvent[]>();
  for (const event of history.events) {
    const known = byName.get(event.name);
    if (known === undefined) byName.set(event.name, [event]);
    else known.push(event);
  }
  const timesByName = new Map([...byName].map(([name, events]) => [name, Float64Array.from(events, (e) => e.time)]));
  const none = new Float64Array(0);
  const since = (times: Float64Array, now: number): number => {
    const past = countUpTo(times, now);
    return past > 0 ? (now - times[past - 1]!) / scale.step : Number.NaN;
  };
  const within = (times: Float64Array, now: number, length: number | null): number =>
    countUpTo(times, now) - (length === null ? 0 : countUpTo(times, now - length));

  // oxlint-disable-next-line eslint/complexity -- one line a kind
  return (trait: Trait, row: number): number => {
    const now = history.times[row]!;
    const start = Math.min(history.observedFrom, history.times[0]!);
    switch (trait.kind) {
      case 'age':
        return (now - start) / scale.step;
      case 'gap':
        return row > 0 ? (now - history.times[row - 1]!) / scale.step : Number.NaN;
      case 'failures':
        return within(failureTimes, now, trait.within);
      case 'since-failure':
        return since(failureTimes, now);
      case 'failure-rate':
        return (scale.cap * countUpTo(failureTimes, now)) / (now - start + scale.cap);
      case 'events':
        return within(timesByName.get(trait.name) ?? none, now, trait.within);
      case 'since-event':
        return since(timesByName.get(trait.name) ?? none, now);
      case 'event-value': {
        const past = countUpTo(timesByName.get(trait.name) ?? none, now);
        return past > 0 ? byName.get(trait.name)![past - 1]!.value : Number.NaN;
      }
      case 'hour-of-day':
        return ((now * (scale.unitMs ?? 1)) % DAY_MS) / (DAY_MS / 24);
      case 'day-of-week':
        // 1 January 1970 was a Thursday.
        return (Math.floor((now * (scale.unitMs ?? 1)) / DAY_MS) + 4) % 7;
      default:
        return trait satisfies never;
    }
  };
}

/** How many of the rising times are at or before `now`. */
function countUpTo(times: Float64Array, now: number): number {
  let low = 0;
  let high = times.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (times[middle]! <= now) low = middle + 1;
    else high = middle;
  }
  return low;
}
