import type { PolicyContext } from '../../model/policy.ts';

/** Numbers before those of the words. */
const NUMBERS = 5;
/** Words that are told apart; the most frequent ones of the history. */
const MOST_WORDS = 96;
/** A word of one incident teaches nothing. */
const LEAST_SEEN = 2;

/** Everything of a context that is a name. */
export function wordsOf(context: PolicyContext): ReadonlySet<string> {
  const { entityKind, anomalyKinds, predictionKinds, drivers, changes, tried, severity } = context;
  return new Set([
    `kind:${entityKind}`,
    `severity:${severity}`,
    ...anomalyKinds.map((name) => `anomaly:${name}`),
    ...predictionKinds.map((name) => `prediction:${name}`),
    ...drivers.map((name) => `driver:${name}`),
    ...drivers.slice(0, 1).map((name) => `strongest:${name}`),
    ...changes.map((name) => `change:${name}`),
    ...tried.map(({ action, verdict }) => `tried:${action}:${verdict}`),
  ]);
}

/** The words that tell contexts apart, in a fixed order. */
export function vocabularyOf(contexts: readonly PolicyContext[]): readonly string[] {
  const seen = new Map<string, number>();
  for (const context of contexts) for (const word of wordsOf(context)) seen.set(word, (seen.get(word) ?? 0) + 1);
  return [...seen]
    .filter(([, count]) => count >= LEAST_SEEN && count < contexts.length)
    .sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))
    .slice(0, MOST_WORDS)
    .map(([word]) => word);
}

export const columnsOf = (vocabulary: readonly string[]): number => NUMBERS + vocabulary.length;

/** A context as a row of finite numbers: five sizes, then 0 or 1 a word. */
export function rowOf(context: PolicyContext, vocabulary: readonly string[]): Float64Array {
  const row = new Float64Array(columnsOf(vocabulary));
  const words = wordsOf(context);
  // As exact as rows are saved, so that a saved policy answers the same.
  row[0] = Math.fround(context.probability);
  row[1] = Math.fround(Math.log1p(Math.max(0, context.ageSeconds)));
  row[2] = Math.fround(Math.log1p(context.breadth));
  row[3] = context.tried.length;
  row[4] = context.drivers.length;
  vocabulary.forEach((word, i) => {
    if (words.has(word)) row[NUMBERS + i] = 1;
  });
  return row;
}
