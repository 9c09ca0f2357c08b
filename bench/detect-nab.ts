/**
 * The Numenta Anomaly Benchmark as it is judged: each series goes through `vigia score` as a file, without training, all with the
 * same settings; one threshold for the corpus by the official rule.
 */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { scoreFile } from '../src/commands/score-file.ts';
import { createRowScorer } from '../src/detect/create-row-scorer.ts';
import { NAB_PROFILES, type NabProfile, nabScore, type NabSeries } from '../src/ml/nab-score.ts';
import { createRandom } from '../src/ml/random.ts';
import { createText } from '../src/text/text.ts';
import type { Row } from './report.ts';

const BOUND = 76;
const RESAMPLES = 2000;

/** Published scores of others on these series, one threshold each. */
const points = { unit: 'points', bound: null, better: 'higher', note: 'published' } as const;
const PEERS: readonly Row[] = [
  { ...points, name: 'nab-standard-random-cut-forest', value: 56.1 },
  { ...points, name: 'nab-standard-htm', value: 75.5 },
  { ...points, name: 'nab-standard-cad-ose', value: 75.9 },
  { ...points, name: 'nab-standard-artime', value: 74.5 },
];

type Windows = Readonly<Record<string, readonly (readonly [string, string])[]>>;

const millis = (text: string): number => Date.parse(`${text.slice(0, 19).replace(' ', 'T')}Z`);

/** The windows of a series as ranges of its rows. */
function rangesOf(file: string, windows: readonly (readonly [string, string])[]): NabSeries['windows'] {
  const lines = gunzipSync(readFileSync(file)).toString().trimEnd().split('\n').slice(1);
  const times = lines.map((line) => millis(line));
  return windows.map(([first, last]) => ({
    start: times.findIndex((time) => time >= millis(first)),
    end: times.findLastIndex((time) => time <= millis(last)) + 1,
  }));
}

async function scoresOf(file: string, out: string): Promise<Float64Array> {
  const request = { data: file, train: null, out, stepMs: null, detectors: null };
  const words = createText()('en');
  await scoreFile(request, { words, createScorer: createRowScorer, progress: () => undefined });
  const lines = readFileSync(out, 'utf8').trimEnd().split('\n').slice(1);
  return Float64Array.from(lines, (line) => Number(line.split(',')[2]));
}

async function scoreSeries(folder: string): Promise<NabSeries[]> {
  const windows = JSON.parse(readFileSync(join(folder, 'labels/combined_windows.json'), 'utf8')) as Windows;
  const scratch = mkdtempSync(join(tmpdir(), 'vigia-nab-'));
  try {
    const all: NabSeries[] = [];
    for (const category of readdirSync(join(folder, 'data')).sort()) {
      for (const name of readdirSync(join(folder, 'data', category)).sort()) {
        const file = join(folder, 'data', category, name);
        const ranges = rangesOf(file, windows[`${category}/${name.replace(/\.gz$/, '')}`] ?? []);
        all.push({ scores: await scoresOf(file, join(scratch, 'scores.csv')), windows: ranges });
      }
    }
    return all;
  } finally {
    rmSync(scratch, { recursive: true });
  }
}

/** 95 % interval of the score, series drawn with repeats, the threshold held: what each series adds is drawn. */
function interval(corpus: readonly NabSeries[], profile: NabProfile, threshold: number): readonly [number, number] {
  const whole = nabScore(corpus, profile, threshold).raw;
  const shares = corpus.map(
    (one) =>
      whole -
      nabScore(
        corpus.filter((other) => other !== one),
        profile,
        threshold,
      ).raw,
  );
  const random = createRandom(1);
  const scores: number[] = [];
  for (let i = 0; i < RESAMPLES; i++) {
    let raw = 0;
    let windows = 0;
    for (let k = 0; k < corpus.length; k++) {
      const drawn = random.int(corpus.length);
      raw += shares[drawn]!;
      windows += corpus[drawn]!.windows.length;
    }
    const nothing = -windows * profile.falseNegative;
    if (windows > 0) scores.push((100 * (raw - nothing)) / (windows * profile.truePositive - nothing));
  }
  scores.sort((a, b) => a - b);
  return [scores[Math.floor(0.025 * scores.length)]!, scores[Math.floor(0.975 * scores.length)]!];
}

/** Rows of the benchmark on the series in `folder`; one row that says so when they are not there. */
export async function benchNab(folder: string): Promise<Row[]> {
  if (!existsSync(join(folder, 'labels/combined_windows.json')))
    return [{ ...points, name: 'nab-standard', bound: BOUND, value: Number.NaN, note: `no data in ${folder}` }];
  const corpus = await scoreSeries(folder);
  const rowOf = (name: string, profile: NabProfile): Row => {
    const { score, threshold } = nabScore(corpus, profile);
    const [low, high] = interval(corpus, profile, threshold);
    const note = `95 % ${low.toFixed(1)} to ${high.toFixed(1)} over series, threshold ${threshold.toFixed(4)}`;
    return { ...points, name, value: score, note };
  };
  return [
    { ...rowOf('nab-standard', NAB_PROFILES.standard), bound: BOUND },
    ...PEERS,
    rowOf('nab-reward-low-fp', NAB_PROFILES.rewardLowFalsePositives),
    rowOf('nab-reward-low-fn', NAB_PROFILES.rewardLowFalseNegatives),
  ];
}
