import { readFile, stat } from 'node:fs/promises';
import { readExported } from '../../learn/predictors/exchange-models.ts';
import type { FailurePredictor } from '../../model/predictor.ts';
import { createHazardFactory } from '../../predict/hazard/hazard-factory.ts';
import { toError, VigiaError } from '../../runtime/errors.ts';
import type { Words } from '../../text/text.ts';
import { badInput } from '../files/bad-input.ts';
import type { Rival } from '../../learn/evaluation/scored.ts';
import type { Population } from './histories.ts';
import { noPredictions, predictInto } from './predictions.ts';
import type { FrameTable } from './read-frames.ts';
import { type Timing, usage } from './request.ts';

/** A model that serves somewhere, as `vigia models export` wrote it. */
export interface InForce {
  readonly predictor: FailurePredictor;
  readonly version: string;
  /** Up to when it has learnt, seconds; null where that is not known. */
  readonly trainedTo: number | null;
  /** Of the columns that it reads, how many are there. */
  readonly found: number;
  /** Place among its horizons of each that is asked for. */
  readonly places: readonly number[];
}

/** As large as one may be that is sent to a server. */
const MOST_BYTES = 67_108_864;

/** Reads an exported model and checks that it can be put beside the one that is trained here. Throws `USAGE`. */
export async function readInForce(
  file: string,
  { timing, table, words }: { readonly timing: Timing; readonly table: FrameTable; readonly words: Words },
): Promise<InForce> {
  const { model, predictor } = await readModel(file, words);
  if (timing.unitMs === null) throw usage(words, 'backtest.model_unit', { file, data: table.file });
  const places = timing.horizons.map((horizon) => predictor.horizons.indexOf(horizon));
  const missing = places.indexOf(-1);
  if (missing >= 0) {
    const found = predictor.horizons.map((seconds) => `${seconds}s`).join(',');
    throw usage(words, 'backtest.model_horizon', { file, asked: timing.names[missing]!, found });
  }
  const found = predictor.columns.filter((name) => table.columns.includes(name)).length;
  if (found === 0 && predictor.columns.length > 0)
    throw usage(words, 'backtest.model_columns', { file, data: table.file, column: predictor.columns[0]! });
  const { version, trainedTo } = model;
  return { predictor, version, trainedTo: trainedTo === null ? null : trainedTo / 1000, found, places };
}

async function readModel(file: string, words: Words) {
  const size = await stat(file).catch(() => null);
  if (size === null) throw badInput(words, 'missing', { file });
  if (!size.isFile()) throw badInput(words, 'folder', { file });
  const refused = (detail: string) => badInput(words, 'notModel', { file, detail });
  if (size.size > MOST_BYTES) throw refused(`${size.size} bytes`);
  try {
    return readExported(await readFile(file), [createHazardFactory()]);
  } catch (thrown) {
    throw refused(thrown instanceof VigiaError ? String(thrown.values['detail']) : toError(thrown).message);
  }
}

/** What it says of the same rows, which are those of each entity from the first to the last of `asked`. */
export function rivalInForce(
  { predictor, places }: InForce,
  population: Population,
  asked: readonly (readonly number[])[],
): Rival {
  const width = predictor.horizons.length;
  const said = noPredictions(
    population.rowOf.reduce((sum, rows) => sum + rows.length, 0),
    width,
  );
  const stretches = asked.map((own, entity) => ({ entity, from: own[0] ?? 0, to: (own.at(-1) ?? -1) + 1 }));
  predictInto(said, predictor, { population, stretches });
  const probabilities = asked.map((own, entity) =>
    Float64Array.from(
      own.flatMap((place) => places.map((h) => said.probabilities[population.rowOf[entity]![place]! * width + h]!)),
    ),
  );
  return { name: 'in-force', probabilities };
}
