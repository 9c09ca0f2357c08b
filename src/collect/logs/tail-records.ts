import { setImmediate as nextTurn } from 'node:timers/promises';
import { type Labels, NO_LABELS } from '../../model/labels.ts';
import type { LogRecord } from '../../model/log-record.ts';
import type { Clock } from '../../runtime/clock.ts';
import { containerLabels } from './container-line.ts';
import type { WrittenLine } from './line-assembler.ts';
import type { LogIntake } from './log-intake.ts';
import type { WatchedFile } from './watched-file.ts';

/** Longest stretch of work before other things get their turn. */
const TURN_MS = 15;
/** Lines between two looks at the clock: far less than a turn. */
const LINES_A_LOOK = 8;

interface Taking {
  /** Of the source, and the labels that it gives its lines. */
  readonly name: string;
  readonly labels: Labels;
  readonly clock: Clock;
  readonly intake: LogIntake;
}

/** The records of lines of a file, each with its place in its stream; those that are dropped are counted. */
export async function recordsOf(
  { path, stream }: Pick<WatchedFile, 'path' | 'stream'>,
  lines: readonly WrittenLine[],
  { name, labels, clock, intake }: Taking,
): Promise<readonly LogRecord[]> {
  const now = clock.now();
  const source = `logs/${name}`;
  const given = { ...containerLabels(path), ...labels };
  const records: LogRecord[] = [];
  let turn = clock.monotonic();
  for (let i = 0; i < lines.length; i++) {
    const { text, time, from, output } = lines[i]!;
    const place = { stream: output === null ? stream : `${stream}:${output}`, at: from };
    const attributes = output === null ? NO_LABELS : { stream: output };
    const record = intake.record(text, { source, labels: given, place, time, attributes }, now);
    if (record !== null) records.push(record);
    if (i % LINES_A_LOOK !== 0 || clock.monotonic() - turn < TURN_MS) continue;
    await nextTurn();
    turn = clock.monotonic();
  }
  return records;
}
