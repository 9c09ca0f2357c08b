import { createHash } from 'node:crypto';
import { type Labels, NO_LABELS } from '../../model/labels.ts';
import { LOG_TEXT, type LogRecord } from '../../model/log-record.ts';
import { VigiaError } from '../../runtime/errors.ts';
import { stableId } from '../../runtime/ids.ts';
import type { Metrics } from '../../runtime/metrics.ts';
import type { AssignEntity, Assignment } from '../entity-rules.ts';
import { maskPrivate } from './mask-private.ts';
import { type ParsedLine, parseLogLine } from './parse-log-line.ts';

/** Where a line came from. */
export interface LineOrigin {
  readonly source: string;
  /** Names the entity, by the same rules as the labels of a series; those of the line itself win. */
  readonly labels: Labels;
  /** Makes the id of the line with what the line says; a line without one is told apart by its time. */
  readonly position?: string;
  /** Where it stands in a stream whose lines come in order. */
  readonly place?: NonNullable<LogRecord['place']>;
  /** Its sender may send it again. That is only known of a line that has a time. */
  readonly sentAgain?: NonNullable<LogRecord['sentAgain']>;
  /** When it was written, if it does not say so itself. Unix ms. */
  readonly time?: number | null;
  /** What is known of it beside what it says. */
  readonly attributes?: Labels;
}

export interface LogIntake {
  /** Counts lines of a source that are not taken, by why. */
  drop(source: string, reason: string, by?: number): void;
  /** What was dropped of a source so far. */
  drops(source: string): Readonly<Record<string, number>>;
  /** A line as it was read, masked and understood; null when it is empty or its time is not believed. */
  record(line: string, origin: LineOrigin, now: number): LogRecord | null;
  /** The same of a line that a protocol has taken apart already; `line` is what its id is made of. */
  parsed(parts: ParsedLine, line: string, origin: LineOrigin, now: number): LogRecord | null;
  /**
   * The lines of a body that was sent. A repeated body gives the same ids. Throws `BODY_INVALID` on lines that are not
   * UTF-8; lines that are dropped are counted.
   */
  records(body: Uint8Array, origin: LineOrigin, now: number): readonly LogRecord[];
}

export interface LogIntakeDeps {
  readonly metrics: Metrics;
  readonly assign: AssignEntity;
  readonly limits: { readonly lineBytes: number; readonly aheadMs: number; readonly behindMs: number };
}

/** Labels of a line that may name its entity. */
const TELLING = [
  'entity',
  'fleet',
  'namespace',
  'pod',
  'service',
  'service.name',
  'host',
  'hostname',
  'host.name',
  'node',
];
const SPELLING: Readonly<Record<string, string>> = { 'service.name': 'service', 'host.name': 'host' };
const MAX_VALUE = 512;
/** Sources whose drops are told apart; senders name theirs as they like. */
const MAX_SOURCES = 1000;

/** The labels of a line, what it says itself included; the very ones that were given where it says nothing. */
function tellingLabels(given: Labels, attributes: Labels): Labels {
  if (attributes === NO_LABELS) return given;
  let labels: Record<string, string> | null = null;
  for (const name of TELLING) {
    const value = attributes[name];
    if (value === undefined || value === '' || value.length > MAX_VALUE) continue;
    labels ??= { ...given };
    labels[SPELLING[name] ?? name] = value;
  }
  return labels ?? given;
}

/** Remembers whose the lines of a source are that do not say it themselves. */
function rememberAssignment(assign: AssignEntity): (labels: Labels) => Assignment {
  const known = new WeakMap<Labels, Assignment>();
  return (labels) => {
    let found = known.get(labels);
    if (found === undefined) known.set(labels, (found = assign('log', labels)));
    return found;
  };
}

/** Makes records of lines: parsed, masked, given to an entity. All drops are counted by why. */
export function createLogIntake({ metrics, assign, limits }: LogIntakeDeps): LogIntake {
  const dropped = metrics.counter('vigia_collect_dropped_log_lines_total', 'Lines of log dropped, by why', [
    'source',
    'reason',
  ]);
  const entityOf = rememberAssignment(assign);
  const drops = new Map<string, Record<string, number>>();
  const drop = (source: string, reason: string, by = 1): null => {
    dropped.inc({ source, reason }, by);
    if (!drops.has(source) && drops.size >= MAX_SOURCES) drops.clear();
    const counts = drops.get(source) ?? {};
    counts[reason] = (counts[reason] ?? 0) + by;
    drops.set(source, counts);
    return null;
  };
  // oxlint-disable-next-line eslint/max-params -- line and parts belong together, and so do origin and time
  const fromParts: LogIntake['parsed'] = (parsed, line, origin, now) => {
    const told = parsed.time ?? origin.time ?? null;
    const time = told ?? now;
    if (time > now + limits.aheadMs) return drop(origin.source, 'future');
    if (time < now - limits.behindMs) return drop(origin.source, 'too_old');
    const { entity, fleet } = entityOf(tellingLabels(origin.labels, parsed.attributes));
    const made = {
      id: idOf(origin, { entity, time, line }),
      entity,
      fleet,
      time,
      level: parsed.level ?? 'info',
      text: maskPrivate(parsed.text.length > LOG_TEXT ? parsed.text.slice(0, LOG_TEXT) : parsed.text),
      attributes: masked(origin.attributes, parsed.attributes),
      source: origin.source,
    };
    return identified(made, origin, told !== null);
  };
  const record: LogIntake['record'] = (line, origin, now) =>
    isEmpty(line) ? null : fromParts(parseLogLine(line.slice(0, limits.lineBytes), now), line, origin, now);
  return {
    drop,
    drops: (source) => ({ ...drops.get(source) }),
    record,
    parsed: fromParts,
    records: (body, origin, now) => {
      const again = createRepeats(body);
      return linesOf(body).flatMap((line) => {
        if (line.length > limits.lineBytes) return drop(origin.source, 'line_too_long') ?? [];
        return record(line, { ...origin, ...again(line) }, now) ?? [];
      });
    },
  };
}

const SPACE = 32;
const LAST_ASCII = 126;

/** Most lines begin with what is no blank. */
function isEmpty(line: string): boolean {
  const first = line.charCodeAt(0);
  return !(first > SPACE && first <= LAST_ASCII) && line.trim() === '';
}

function masked(known: Labels = NO_LABELS, said: Labels): Labels {
  if (known === NO_LABELS && said === NO_LABELS) return NO_LABELS;
  const found: Record<string, string> = {};
  for (const name in known) found[name] = maskPrivate(known[name]!);
  for (const name in said) found[name] = maskPrivate(said[name]!);
  return found;
}

/** Where a line stands says all; else it is known by what it says and when, and equal ones by their number. */
function idOf(
  { source, position, place, sentAgain }: LineOrigin,
  { entity, time, line }: { readonly entity: string; readonly time: number; readonly line: string },
): string {
  if (place !== undefined && sentAgain === undefined) return `log_${place.stream}_${place.at}`;
  return stableId('log', source, entity, position ?? time, line);
}

/** Without a time a line that comes again cannot be told from another one that says the same. */
function identified(record: LogRecord, { place, sentAgain }: LineOrigin, hasTime: boolean): LogRecord {
  if (sentAgain === undefined) return place === undefined ? record : withPlace(record, place);
  if (sentAgain === 'any' && !hasTime) return record;
  return { ...record, ...(place && { place }), ...(hasTime && { sentAgain }) };
}

/** Spelt out, as most lines are such. */
function withPlace(record: LogRecord, place: NonNullable<LogRecord['place']>): LogRecord {
  const { id, entity, fleet, time, level, text, attributes, source } = record;
  return { id, entity, fleet, time, level, text, attributes, source, place };
}

/**
 * Tells the lines of a body that was sent apart, so that a repeat of the body is the same again: by their place in it, and
 * those that are equal by their number.
 */
export function createRepeats(
  body: Uint8Array,
): (line: string) => Pick<LineOrigin, 'place' | 'sentAgain' | 'position'> {
  const stream = `b_${createHash('sha256').update(body).digest('hex').slice(0, 14)}`;
  const seen = new Map<string, number>();
  let at = 0;
  return (line) => {
    const before = seen.get(line) ?? 0;
    seen.set(line, before + 1);
    at += 1;
    return { place: { stream, at }, sentAgain: 'any', ...(before > 0 ? { position: `again ${before}` } : {}) };
  };
}

function linesOf(body: Uint8Array): readonly string[] {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body).split(/\r?\n/);
  } catch (error) {
    throw new VigiaError('BODY_INVALID', { detail: 'UTF-8' }, error);
  }
}
