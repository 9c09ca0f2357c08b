/** Grouping of raw log lines into patterns, and anomalies in sessions of patterns, on public data. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { parse } from 'csv-parse/sync';
import { matrixFromRows } from '../src/ml/matrix.ts';
import { fitPca } from '../src/ml/pca.ts';
import { createRandom, type Random } from '../src/ml/random.ts';
import { averagePrecision } from '../src/ml/ranking-metrics.ts';
import { fitSequenceModel, type SequenceModel } from '../src/ml/sequence-model.ts';
import { findHeader, textStart } from '../src/prepare/templates/line-header.ts';
import { TemplateMiner } from '../src/prepare/templates/template-miner.ts';
import { logLinesRow } from './collect-log-lines.ts';
import { drain } from './peers/drain.ts';
import type { Row } from './report.ts';

const SYSTEMS = [
  'Android',
  'Apache',
  'HDFS',
  'HPC',
  'Hadoop',
  'HealthApp',
  'OpenSSH',
  'Spark',
  'Thunderbird',
  'Windows',
  'Zookeeper',
];

const unpacked = (path: string): string => gunzipSync(readFileSync(path)).toString('utf8');

const linesOf = (path: string): string[] => unpacked(path).replace(/\n$/, '').split('\n');

interface System {
  readonly name: string;
  readonly lines: readonly string[];
  readonly truth: readonly string[];
}

function readSystem(folder: string, name: string): System {
  const lines = linesOf(join(folder, 'loghub', name, `${name}_2k.log.gz`)).map((line) => line.replace(/\r$/, ''));
  const structured = unpacked(join(folder, 'loghub', name, `${name}_2k.log_structured.csv.gz`));
  const rows = parse<Record<string, string>>(structured, { columns: true, bom: true, relax_quotes: true });
  return { name, lines, truth: rows.map((row) => row['EventId'] ?? '') };
}

/** Share of the lines whose group holds exactly the lines of its true group (Zhu et al., 2019). */
function groupingAccuracy(found: readonly string[], truth: readonly string[]): number {
  const sizes = (keys: readonly string[]): Map<string, number> => {
    const counted = new Map<string, number>();
    for (const key of keys) counted.set(key, (counted.get(key) ?? 0) + 1);
    return counted;
  };
  const both = sizes(found.map((group, line) => `${truth[line]}\u0000${group}`));
  const [ofFound, ofTruth] = [sizes(found), sizes(truth)];
  let right = 0;
  for (const [key, count] of both) {
    const [event = '', group = ''] = key.split('\u0000');
    if (ofTruth.get(event) === count && ofFound.get(group) === count) right += count;
  }
  return right / truth.length;
}

/** As `vigia templates` does it. */
function patterns(lines: readonly string[]): string[] {
  const header = findHeader(lines);
  const miner = new TemplateMiner();
  const numbers = lines.map((line) => miner.add(line.slice(textStart(line, header))));
  const steps = miner.join();
  while (!steps.next().done);
  return numbers.map((number) => miner.template(number).id);
}

export async function templateRows(folder: string): Promise<Row[]> {
  const systems = SYSTEMS.map((name) => readSystem(folder, name));
  const ours = systems.map(({ lines, truth }) => groupingAccuracy(patterns(lines), truth));
  const raw = systems.map(({ lines, truth }) => groupingAccuracy(drain(lines), truth));
  const headed = systems.map(({ lines, truth }) => {
    const header = findHeader(lines);
    return groupingAccuracy(drain(lines.map((line) => line.slice(textStart(line, header)))), truth);
  });
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  const list = (values: readonly number[]): string =>
    systems.map(({ name }, at) => `${name} ${values[at]!.toFixed(3)}`).join(', ');
  const row = { unit: 'share', better: 'higher', bound: null } as const;
  return [
    { ...row, name: 'template-ga', value: mean(ours), bound: 0.96, note: list(ours) },
    { ...row, name: 'template-ga-drain', value: mean(raw), note: `Drain, one configuration, raw lines: ${list(raw)}` },
    { ...row, name: 'template-ga-drain-headers', value: mean(headed), note: 'the same Drain after our header finder' },
    await logLinesRow(systems),
    memoryRow(),
  ];
}

function memoryRow(): Row {
  globalThis.gc?.();
  const before = process.memoryUsage().heapUsed;
  const miner = new TemplateMiner();
  const word = (at: number): string => at.toString().replaceAll(/\d/g, (digit) => 'abcdefghij'[Number(digit)]!);
  for (let at = 0; at < 10_000; at++)
    for (let line = 0; line < 3; line++)
      miner.add(
        `${word(at)} has ${word(at * 31)} closed the ${word(at * 17)} connection of user ${line} after ${line} s`,
      );
  globalThis.gc?.();
  const value = (process.memoryUsage().heapUsed - before) / 1e6;
  const note = `${miner.size} patterns`;
  return { name: 'template-mb', value, unit: 'MB', bound: 100, better: 'lower', note };
}

const SEEDS = 20;
const SHARE = 0.03;
/** Sessions no likelier than this are counted as odd. */
const ODD = 0.01;

interface Sessions {
  readonly train: readonly number[][];
  readonly normal: readonly number[][];
  readonly abnormal: readonly number[][];
}

function readSessions(folder: string): Sessions {
  const at = (name: string): string => join(folder, 'hdfs-sessions', name);
  const numbers = (text: string): number[] => text.trim().split(/\s+/).map(Number);
  const labelled = ['robust_log_train.csv.gz', 'robust_log_valid.csv.gz'].flatMap((name) =>
    linesOf(at(name))
      .slice(1)
      .map((line) => ({ session: numbers(line.split(',')[0]!), abnormal: line.trim().endsWith('1') })),
  );
  return {
    train: linesOf(at('hdfs_train.txt.gz')).map(numbers),
    normal: labelled.filter(({ abnormal }) => !abnormal).map(({ session }) => session),
    abnormal: labelled.filter(({ abnormal }) => abnormal).map(({ session }) => session),
  };
}

type Score = (session: readonly number[]) => number;

/** Peer: reconstruction error of the counts of events. */
function pcaOnCounts(train: readonly number[][]): Score {
  const events = [...new Set(train.flat())];
  const count = (session: readonly number[]): number[] => {
    const found = new Map<number, number>();
    for (const event of session) found.set(event, (found.get(event) ?? 0) + 1);
    const known = events.map((event) => found.get(event) ?? 0);
    return [...known, session.length - known.reduce((sum, value) => sum + value, 0)];
  };
  const model = fitPca(matrixFromRows(train.map(count)));
  return (session) => model.scoreRow(Float64Array.from(count(session)));
}

/** Mean average precision when 3 % of the sessions are abnormal, over draws of these. */
function meanPrecision(score: Score, normal: readonly number[][], abnormal: readonly number[][]): number {
  const quiet = normal.map(score);
  const odd = abnormal.map(score);
  const positives = Math.round((quiet.length * SHARE) / (1 - SHARE));
  let sum = 0;
  for (let seed = 0; seed < SEEDS; seed++) {
    const random = createRandom(seed);
    const drawn = Array.from({ length: positives }, () => odd[random.int(odd.length)]!);
    sum += averagePrecision([...quiet.map(() => 0), ...drawn.map(() => 1)], [...quiet, ...drawn]);
  }
  return sum / SEEDS;
}

/** The same events in another order. */
function reordered(session: readonly number[], random: Random): number[] {
  for (let tries = 0; tries < 20; tries++) {
    const shuffled = random.shuffle([...session]);
    if (shuffled.some((event, at) => event !== session[at])) return shuffled;
  }
  return [...session];
}

/** What judging costs where it is done, and whether p-values of sessions that nobody has learnt from are what they say. */
function judgingRows(model: SequenceModel, { normal, abnormal }: Sessions): Row[] {
  const all = [...normal, ...abnormal];
  for (const session of all) model.score(session);
  const start = performance.now();
  for (const session of all) model.score(session);
  const value = (1000 * (performance.now() - start)) / all.length;
  const events = all.reduce((sum, session) => sum + session.length, 0) / all.length;
  const shareBelow = (sessions: readonly number[][]): number =>
    sessions.filter((session) => model.score(session).pValue <= ODD).length / sessions.length;
  const row = { better: 'lower', bound: null } as const;
  return [
    {
      ...row,
      name: 'sequence-session-us',
      value,
      unit: 'µs',
      note: `one session of ${events.toFixed(0)} events, judged`,
    },
    {
      ...row,
      name: 'sequence-odd-normal',
      value: shareBelow(normal),
      unit: 'share',
      note: `normal sessions with p ≤ ${ODD}; of abnormal ones ${shareBelow(abnormal).toFixed(3)}`,
    },
  ];
}

export function sessionRows(folder: string): Row[] {
  const sessions = readSessions(folder);
  const { train, normal, abnormal } = sessions;
  const model = fitSequenceModel(train);
  const ours: Score = (session) => model.score(session).score;
  const peer = pcaOnCounts(train);
  const random = createRandom(1);
  const wrongOrder = normal.filter((session) => new Set(session).size > 1).map((session) => reordered(session, random));
  const row = { unit: 'AP', better: 'higher', bound: null } as const;
  return [
    { ...row, name: 'hdfs-ap', value: meanPrecision(ours, normal, abnormal), bound: 0.98 },
    { ...row, name: 'hdfs-ap-pca', value: meanPrecision(peer, normal, abnormal), note: 'PCA on event counts' },
    {
      ...row,
      name: 'order-ap',
      value: meanPrecision(ours, normal, wrongOrder),
      bound: 0.9,
      note: 'same counts, shuffled',
    },
    ...judgingRows(model, sessions),
    { ...row, name: 'order-ap-pca', value: meanPrecision(peer, normal, wrongOrder), note: 'cannot see order' },
  ];
}
