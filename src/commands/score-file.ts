import type { RowScore, RowScorer, RowScorerOptions } from '../detect/row-scorer.ts';
import type { Words } from '../text/text.ts';
import { badInput } from './files/bad-input.ts';
import { createLineFile, csvField, type LineFile } from './files/line-file.ts';
import { openWideTable, type WideRow, type WideTable } from './files/wide-table.ts';

/** What `vigia score` was asked for. */
export interface ScoreRequest {
  readonly data: string;
  readonly train: string | null;
  readonly out: string;
  /** Null: found in the times. */
  readonly stepMs: number | null;
  readonly detectors: readonly string[] | null;
}

export interface ScoreDeps {
  readonly words: Words;
  readonly createScorer: (options: RowScorerOptions) => RowScorer;
  /** Told now and then how many rows have been scored. */
  readonly progress: (rows: number) => void;
}

/** How many rows were said to be what. */
export interface ScoreTally {
  readonly rows: number;
  readonly critical: number;
  readonly warning: number;
  /** Columns with text in the first row, which label the rows and are not judged. */
  readonly leftOut: readonly string[];
}

/** Every run of the same file gives the same bytes. */
const SEED = 1;
const DEFAULT_STEP_MS = 60_000;
/** Without a step and without history, so many rows tell the step by their median difference, and are not judged. */
const FIRST_ROWS = 20;
/** Of a history so many rows do. */
const HISTORY_ROWS = 1000;
const PROGRESS_ROWS = 5000;

const LEARNING: RowScore = { score: 0, pValue: 1, severity: 'none', kind: null, topFeature: -1 };
const HEADER = 'row,timestamp,score,p_value,severity,kind,top_feature';

/**
 * Scores a wide table row by row and writes a line for each. Neither file is ever held in memory, and a line depends on
 * the rows up to its own and on TRAIN alone: a file that is cut short gives the same lines. Throws what `badInput` makes.
 */
export async function scoreFile(request: ScoreRequest, deps: ScoreDeps): Promise<ScoreTally> {
  const { words } = deps;
  const data = await openWideTable(request.data, words);
  let out: LineFile | null = null;
  let train: WideTable | null = null;
  try {
    train = request.train === null ? null : await openWideTable(request.train, words);
    const reads = [request.data, ...(request.train === null ? [] : [request.train])];
    out = await createLineFile(request.out, { words, reads });
    const prepared = train === null ? null : await learn(train, data, { request, deps });
    const tally = await scoreRows(data, prepared, { request, deps, out });
    await out.finish();
    return tally;
  } finally {
    await out?.abandon();
    await train?.close();
    await data.close();
  }
}

interface Work {
  readonly request: ScoreRequest;
  readonly deps: ScoreDeps;
}

/** A scorer that has learnt, and what it learnt from. */
interface Prepared {
  readonly scorer: RowScorer;
  readonly stepMs: number;
  readonly rows: number;
}

const makeScorer = (data: WideTable, stepMs: number, { request, deps }: Work): RowScorer =>
  deps.createScorer({
    columns: data.numeric.map((place) => data.columns[place]!),
    stepMs,
    seed: SEED,
    detectors: request.detectors,
  });

/** Learns TRAIN. Its first rows wait until they have told the step. */
async function learn(train: WideTable, data: WideTable, work: Work): Promise<Prepared> {
  const columns = matchColumns(train, data, work.deps.words);
  let waiting: WideRow[] = [];
  let prepared: { readonly scorer: RowScorer; readonly stepMs: number } | null = null;
  let rows = 0;
  const begin = (): { readonly scorer: RowScorer; readonly stepMs: number } => {
    const stepMs = work.request.stepMs ?? medianStep(waiting);
    const scorer = makeScorer(data, stepMs, work);
    for (const row of waiting) scorer.train(timeOf(row, rows++, stepMs), row.values);
    waiting = [];
    return { scorer, stepMs };
  };
  for await (const batch of train.rows(columns)) {
    for (const row of batch) {
      if (prepared !== null) prepared.scorer.train(timeOf(row, rows++, prepared.stepMs), row.values);
      else if (waiting.push(row) >= HISTORY_ROWS) prepared = begin();
    }
  }
  prepared ??= begin();
  prepared.scorer.trained();
  return { ...prepared, rows };
}

/** The columns of TRAIN in the order of DATA: by name, or by position where there are no names. */
function matchColumns(train: WideTable, data: WideTable, words: Words): readonly number[] {
  const at = { file: train.file, line: 1, other: data.file };
  if (train.headed !== data.headed) throw badInput(words, 'headerDiffers', at);
  if (train.timed !== data.timed) throw badInput(words, 'timeDiffers', at);
  if (!data.headed && train.columns.length !== data.columns.length) {
    const [found, expected] = [train.columns.length, data.columns.length];
    throw badInput(words, 'columnsDiffer', { ...at, found, expected });
  }
  const missing = data.columns.find((name) => !train.columns.includes(name));
  if (missing !== undefined) throw badInput(words, 'columnMissing', { ...at, column: missing });
  const unknown = train.columns.find((name) => !data.columns.includes(name));
  if (unknown !== undefined) throw badInput(words, 'columnUnknown', { ...at, column: unknown });
  return data.numeric.map((place) => train.columns.indexOf(data.columns[place]!));
}

/** Median of the differences that go forward, ms; the default where there is none. */
function medianStep(rows: readonly WideRow[]): number {
  const steps = rows
    .map(({ time }, place) => time - (rows[place - 1]?.time ?? Number.NaN))
    .filter((step) => step > 0)
    .sort((a, b) => a - b);
  return steps[steps.length >> 1] ?? DEFAULT_STEP_MS;
}

/** When a row was; where the file does not say, rows are a step apart. */
const timeOf = (row: WideRow, place: number, stepMs: number): number =>
  Number.isNaN(row.time) ? place * stepMs : row.time;

/** Judges the rows of a table in order. */
interface Judge {
  /** As far as it is known. */
  stepMs(): number;
  score(row: WideRow): RowScore;
}

function createJudge(data: WideTable, prepared: Prepared | null, work: Work): Judge {
  const known = prepared?.stepMs ?? work.request.stepMs ?? (data.timed ? null : DEFAULT_STEP_MS);
  let stepMs = known ?? DEFAULT_STEP_MS;
  let scorer = prepared?.scorer ?? (known === null ? null : makeScorer(data, known, work));
  let place = prepared?.rows ?? 0;
  const waiting: WideRow[] = [];
  return {
    stepMs: () => stepMs,
    score: (row) => {
      if (scorer !== null) return scorer.score(timeOf(row, place++, stepMs), row.values);
      // It waits and is not judged: a file cut short might have told another step.
      if (waiting.push(row) < FIRST_ROWS) return LEARNING;
      stepMs = medianStep(waiting);
      scorer = makeScorer(data, stepMs, work);
      for (const one of waiting.splice(0)) scorer.score(one.time, one.values);
      return LEARNING;
    },
  };
}

async function scoreRows(
  data: WideTable,
  prepared: Prepared | null,
  work: Work & { readonly out: LineFile },
): Promise<ScoreTally> {
  const { out, deps } = work;
  const names = data.numeric.map((place) => csvField(data.columns[place]!));
  const judge = createJudge(data, prepared, work);
  const numeric = new Set(data.numeric);
  const leftOut = data.columns.filter((_, place) => !numeric.has(place));
  const tally = { rows: 0, critical: 0, warning: 0, leftOut };
  await out.write(HEADER);
  for await (const batch of data.rows(data.numeric)) {
    for (const row of batch) {
      const { score, pValue, severity, kind, topFeature } = judge.score(row);
      if (severity === 'critical' || severity === 'warning') tally[severity] += 1;
      const time = data.timed ? csvField(row.timeText) : moment(tally.rows * judge.stepMs());
      const top = topFeature < 0 ? '' : names[topFeature]!;
      tally.rows += 1;
      await out.write(`${tally.rows},${time},${score},${pValue},${severity},${kind ?? ''},${top}`);
      if (tally.rows % PROGRESS_ROWS === 0) deps.progress(tally.rows);
    }
  }
  return tally;
}

/** A computed time as ISO 8601, without the milliseconds where there are none. */
const moment = (time: number): string => new Date(time).toISOString().replace('.000Z', 'Z');
