import type { PolicyContext, PolicyOption, PolicyStep } from '../../model/policy.ts';

/** Numbers before those of the words. */
const NUMBERS = 5;
/** Words that are told apart; the most frequent ones of the history. */
const MOST_WORDS = 96;
/** A word of one incident teaches nothing. */
const LEAST_SEEN = 2;

/** Everything of a context that is a name, with what is seen at the target of an action. */
function wordsOf(context: PolicyContext, evidence: readonly string[] = []): ReadonlySet<string> {
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
    ...evidence.map((word) => `seen:${word}`),
  ]);
}

/** A context with what was seen at the target of an action. */
export interface Situation {
  readonly context: PolicyContext;
  readonly evidence: readonly string[];
}

/** What was known when a try was made. */
export const situationOf = ({ context, options, action }: PolicyStep): Situation => ({
  context,
  evidence: options.find((option) => option.action === action)?.evidence ?? [],
});

/** The words that tell situations apart, in a fixed order. */
export function vocabularyOf(situations: readonly Situation[]): readonly string[] {
  const seen = new Map<string, number>();
  for (const { context, evidence } of situations) {
    for (const word of wordsOf(context, evidence)) seen.set(word, (seen.get(word) ?? 0) + 1);
  }
  return [...seen]
    .filter(([, count]) => count >= LEAST_SEEN && count < situations.length)
    .sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))
    .slice(0, MOST_WORDS)
    .map(([word]) => word);
}

const columnsOf = (vocabulary: readonly string[]): number => NUMBERS + vocabulary.length;

/** A situation as a row of finite numbers: five sizes, then 0 or 1 a word. */
export function rowOf({ context, evidence }: Situation, vocabulary: readonly string[]): Float64Array {
  const row = new Float64Array(columnsOf(vocabulary));
  const words = wordsOf(context, evidence);
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

/** One row an option: the same context, seen from each target. */
export const rowsOf = (
  context: PolicyContext,
  options: readonly PolicyOption[],
  vocabulary: readonly string[],
): readonly Float64Array[] => options.map(({ evidence = [] }) => rowOf({ context, evidence }, vocabulary));
