import type { Labels } from '../../model/labels.ts';
import type { LogRecord } from '../../model/log-record.ts';
import { stableId } from '../../runtime/ids.ts';
import type { JournalEntry } from './journal-entries.ts';
import { levelOfNumber } from './log-level.ts';
import type { LogIntake } from './log-intake.ts';
import { parseLogLine } from './parse-log-line.ts';

/** `s=<sequence>;i=<hexadecimal number in it>;…`. */
const CURSOR = /^s=([0-9a-f]{32});i=([0-9a-f]{1,13});/;

/** Fields that are told as attributes, and how they are called there. */
const ATTRIBUTES = [
  ['_SYSTEMD_UNIT', 'unit'],
  ['_SYSTEMD_USER_UNIT', 'unit'],
  ['SYSLOG_IDENTIFIER', 'app'],
  ['CONTAINER_NAME', 'container'],
  ['_PID', 'pid'],
] as const;

const MICROS_A_MS = 1000;

/** Where an entry came from. */
export interface JournalOrigin {
  readonly source: string;
  readonly labels: Labels;
}

/**
 * The record of an entry of systemd's journal; null when it has no message or its time is not believed. Its place is that
 * in the journal's own sequence, so that an entry counts once however often it is sent.
 */
export function journalRecord(
  entry: JournalEntry,
  intake: LogIntake,
  { source, labels }: JournalOrigin,
  now: number,
): LogRecord | null {
  const message = entry.get('MESSAGE') ?? '';
  if (message.trim() === '') return null;
  const said = parseLogLine(message, now);
  const host = entry.get('_HOSTNAME');
  const cursor = CURSOR.exec(entry.get('__CURSOR') ?? '');
  const place = cursor === null ? {} : { place: placeOf(cursor[1]!, cursor[2]!) };
  const parts = {
    time: timeOf(entry) ?? said.time,
    level: said.level ?? levelOfNumber(Number(entry.get('PRIORITY') ?? 'NaN'), 'syslog'),
    text: said.text,
    attributes: { ...attributesOf(entry), ...said.attributes },
  };
  const named = host === undefined ? labels : { host, ...labels };
  return intake.parsed(parts, message, { source, labels: named, ...place }, now);
}

const placeOf = (sequence: string, number: string) => ({
  stream: stableId('j', sequence).slice(0, 16),
  at: Number.parseInt(number, 16),
});

function timeOf(entry: JournalEntry): number | null {
  const micros = Number(entry.get('__REALTIME_TIMESTAMP') ?? 'NaN');
  return Number.isSafeInteger(micros) && micros > 0 ? Math.floor(micros / MICROS_A_MS) : null;
}

function attributesOf(entry: JournalEntry): Labels {
  const found: Record<string, string> = {};
  for (const [field, name] of ATTRIBUTES) {
    const value = entry.get(field);
    if (value !== undefined && value !== '') found[name] ??= value.slice(0, 256);
  }
  return found;
}
