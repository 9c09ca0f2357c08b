import { mkdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import { createTrainingPool } from '../ml/training-pool.ts';
import { createHazardFactory } from '../predict/hazard/hazard-factory.ts';
import { toError } from '../runtime/errors.ts';
import type { Words } from '../text/text.ts';
import { htmlReport } from './backtest/html/html-report.ts';
import { countBelow, type Population, populationOf } from './backtest/histories.ts';
import { readInForce } from './backtest/model-in-force.ts';
import { type FrameTable, readFrames } from './backtest/read-frames.ts';
import { readEvents, readFailures } from './backtest/read-occurrences.ts';
import { type BacktestReport, reportOf } from './backtest/report.ts';
import { type BacktestOptions, readRequest, type Request, type Timing, timingOf, usage } from './backtest/request.ts';
import { MOST_CUTS, replay, walkCuts } from './backtest/run-backtest.ts';
import { mixedZones } from './backtest/time-text.ts';
import { writePredictions } from './backtest/write-predictions.ts';
import { badInput } from './files/bad-input.ts';
import { createLineFile } from './files/line-file.ts';
import { EXIT, type Terminal } from './terminal.ts';

/** One history has one answer. */
const SEED = 1;
/** Threads that train at once: two cores are what it is measured on. */
const MOST_THREADS = 4;

/** `vigia backtest`: what would have been predicted, when, and at what cost. */
export async function backtest(options: BacktestOptions, terminal: Terminal): Promise<number> {
  const { words } = terminal;
  const request = readRequest(options, words);
  const progress = (text: string): void => terminal.progress?.(text);
  const input = await readInput(request, words, progress);
  const { timing, asked, table } = input;

  const { factory, close } = createFactory();
  try {
    const replayed = await replay({
      ...input,
      test: asked?.population ?? null,
      factory,
      seed: SEED,
      onProgress: ({ done, step }) => progress(words.say('backtest.training', { done, step })),
    });
    progress(words.say('backtest.judging'));
    const folder = makeFolder(options.out, words);
    const report = reportOf({ ...input, request, replayed, seed: SEED });
    const rows = await writePredictions(join(folder, 'predictions.csv'), {
      table: asked?.table ?? table,
      said: replayed.predictions,
      names: timing.names,
      words,
    });
    await writeText(join(folder, 'report.json'), JSON.stringify(report, null, 1), words);
    const page = join(folder, 'report.html');
    await writeText(page, htmlReport(report, words), words);
    progress('');
    sayWhatMatters(report, terminal);
    terminal.print(words.say('backtest.done', { rows, report: page }));
    return EXIT.good;
  } finally {
    progress('');
    await close();
  }
}

/** What nobody should have to open the report for. */
function sayWhatMatters({ data, missing, leaks }: BacktestReport, { print, words }: Terminal): void {
  if (data.zones !== null) print(words.say('backtest.zones_differ', { ...data.zones }));
  if (missing !== null) print(words.say('backtest.not_enough', { missing: words.phrase(missing) }));
  for (const { column, kind } of leaks) print(words.say(`backtest.leak_${LEAK[kind]}`, { column }));
}

const LEAK = { knows: 'knows', 'at-failure': 'late', aftermath: 'aftermath' } as const;

/** Everything that is asked for, read and checked. */
async function readInput(request: Request, words: Words, progress: (text: string) => void) {
  const { options } = request;
  const names = { entity: options.entity, time: options.time };
  progress(words.say('backtest.reading', { file: options.data }));
  const table = await readFrames(options.data, names, { words, kind: null });
  const latest = table.time.reduce((most, time) => Math.max(most, time), -Infinity);
  const timing = timingOf(request, { kind: table.kind, latest }, words);
  const given = { names, kind: table.kind, words };
  const failures = await readFailures(options.failures, given);
  const events = options.events === undefined ? null : await readEvents(options.events, given);
  const data = populationOf(table, { failures: failures.items, events: events?.items ?? [], observed: true });
  const asked = await testOf(options, { table, words });
  const cuts = cutsOf({ table, data, timing, options, words });
  const zones = mixedZones([table, failures, events, asked?.table ?? null].filter((file) => file !== null));
  const inForce = options.model === undefined ? null : await readInForce(options.model, { timing, table, words });
  return { table, timing, data, asked, cuts, zones, inForce };
}

async function testOf(
  options: BacktestOptions,
  { table, words }: { readonly table: FrameTable; readonly words: Words },
): Promise<{ readonly table: FrameTable; readonly population: Population } | null> {
  if (options.test === undefined) return null;
  const names = { entity: options.entity, time: options.time };
  const test = await readFrames(options.test, names, { words, kind: table.kind });
  const column = table.columns.find((name) => !test.columns.includes(name));
  if (column !== undefined)
    throw badInput(words, 'columnMissing', { file: test.file, line: 1, column, other: table.file });
  return { table: test, population: populationOf(test, { failures: [], events: [], observed: false }) };
}

/** Where history is cut, checked to leave something on both sides. Throws `USAGE`. */
function cutsOf(given: {
  readonly table: FrameTable;
  readonly data: Population;
  readonly timing: Timing;
  readonly options: BacktestOptions;
  readonly words: Words;
}): readonly number[] {
  const { table, data, timing, options, words } = given;
  const { cut } = timing;
  if (cut.at === 'test') return [];
  let [first, last] = [0, 0];
  for (let row = 0; row < table.rows; row++) {
    if (table.time[row]! < table.time[first]!) first = row;
    if (table.time[row]! > table.time[last]!) last = row;
  }
  if (cut.at === 'split') {
    const before = data.histories.reduce((sum, { times }) => sum + countBelow(times, cut.time), 0);
    if (before > 0 && before < table.rows) return [cut.time];
    const at = { found: options.split ?? '', from: table.timeText[first]!, to: table.timeText[last]! };
    throw usage(words, 'backtest.split_outside', at);
  }
  const cuts = walkCuts(table.time[first]!, table.time[last]!, cut.every);
  const found = options.walk ?? '';
  if (cuts.length === 0) throw usage(words, 'backtest.walk_long', { found });
  if (cuts.length > MOST_CUTS)
    throw usage(words, 'backtest.walk_short', { found, count: cuts.length, limit: MOST_CUTS });
  return cuts;
}

/** Trains in threads where the program is built; its sources run on this one. */
function createFactory() {
  if (!import.meta.url.endsWith('.js')) return { factory: createHazardFactory(), close: () => Promise.resolve() };
  const pool = createTrainingPool({ threads: Math.min(MOST_THREADS, availableParallelism()), niceness: 0 });
  return { factory: createHazardFactory((task) => pool.run(task)), close: () => pool.close() };
}

function makeFolder(out: string, words: Words): string {
  const folder = resolve(out);
  try {
    mkdirSync(folder, { recursive: true });
  } catch (thrown) {
    throw badInput(words, 'unwritable', { file: out, detail: toError(thrown).message });
  }
  return folder;
}

async function writeText(file: string, text: string, words: Words): Promise<void> {
  const out = await createLineFile(file, { words });
  try {
    await out.write(text);
    await out.finish();
  } catch (thrown) {
    await out.abandon();
    throw thrown;
  }
}
