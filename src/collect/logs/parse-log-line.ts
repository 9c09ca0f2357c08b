import { type Labels, NO_LABELS } from '../../model/labels.ts';
import type { LogLevel } from '../../model/log-record.ts';
import { msOfNanos } from '../nanoseconds.ts';
import { levelOfName, levelOfNumber } from './log-level.ts';
import { leadingTime } from './log-time.ts';

/** What a line of log says of itself; null where it does not. */
export interface ParsedLine {
  /** Unix ms. */
  readonly time: number | null;
  readonly level: LogLevel | null;
  readonly text: string;
  readonly attributes: Labels;
}

const MAX_ATTRIBUTES = 16;
const MAX_VALUE = 256;
const TIME_KEYS = ['time', 'timestamp', 'ts', '@timestamp', 't', 'date', 'datetime', 'eventTime'];
const LEVEL_KEYS = ['level', 'severity', 'lvl', 'log.level', 'levelname', 'severityText', 'loglevel', 'l'];
const TEXT_KEYS = ['message', 'msg', 'log', 'text', 'body', 'event', 'short_message', 'MESSAGE'];
const SPOKEN = new Set([...TIME_KEYS, ...LEVEL_KEYS, ...TEXT_KEYS]);

/**
 * Reads one line: JSON, logfmt, access logs (common and combined), klog, or text that begins with a time, a level or
 * both. Anything else is its own text. Never throws. `now` gives the year where the line leaves it out.
 */
export function parseLogLine(line: string, now: number): ParsedLine {
  const trimmed = line.trim();
  return (
    (trimmed.startsWith('{') ? parseJson(trimmed, now) : null) ??
    (trimmed.includes('] "') ? parseAccess(trimmed, now) : null) ??
    (isDigit(trimmed.charCodeAt(1)) ? parseKlog(trimmed, now) : null) ??
    (KEY.test(trimmed) ? parseLogfmt(trimmed, now) : null) ??
    parseText(line, now)
  );
}

const isDigit = (code: number): boolean => code >= 48 && code <= 57;

function parseJson(line: string, now: number): ParsedLine | null {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return null;
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null;
  const fields = new Map(Object.entries(value));
  const text = pick(fields, TEXT_KEYS);
  return {
    time: timeOf(pick(fields, TIME_KEYS), now),
    level: levelOf(pick(fields, LEVEL_KEYS)),
    text: typeof text === 'string' ? text : text === undefined ? line : JSON.stringify(text),
    attributes: attributesOf(fields),
  };
}

const pick = (fields: ReadonlyMap<string, unknown>, keys: readonly string[]): unknown => {
  const key = keys.find((candidate) => fields.has(candidate));
  return key === undefined ? undefined : fields.get(key);
};

function timeOf(value: unknown, now: number): number | null {
  if (typeof value === 'string') return leadingTime(value, now)?.time ?? null;
  if (typeof value !== 'number' || !(value > 0)) return null;
  // Seconds, milliseconds, microseconds and nanoseconds are told apart by their size.
  const scale = value < 1e11 ? 1000 : value < 1e14 ? 1 : 1e-3;
  const time = value < 1e17 ? Math.floor(value * scale) : msOfNanos(value);
  return Number.isSafeInteger(time) ? time : null;
}

function levelOf(value: unknown): LogLevel | null {
  if (typeof value === 'string') return levelOfName(value);
  if (typeof value !== 'number') return null;
  return levelOfNumber(value, 'pino') ?? levelOfNumber(value, 'syslog');
}

function attributesOf(fields: ReadonlyMap<string, unknown>): Labels {
  const found: Record<string, string> = {};
  let count = 0;
  for (const [key, value] of fields) {
    if (count >= MAX_ATTRIBUTES) break;
    if (SPOKEN.has(key) || key.length > MAX_VALUE) continue;
    if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') continue;
    found[key] = String(value).slice(0, MAX_VALUE);
    count += 1;
  }
  return found;
}

const ACCESS =
  /^(\S{1,256}) \S{1,256} \S{1,256} \[([^\]]{1,64})\] "([A-Z]{3,10}) (\S{1,4096})(?: HTTP\/[\d.]+)?" (\d{3}) (\d+|-)/;

function parseAccess(line: string, now: number): ParsedLine | null {
  const found = ACCESS.exec(line);
  if (found === null) return null;
  const [client, time, method, path, status, size] = found.slice(1) as [string, string, string, string, string, string];
  const code = Number(status);
  return {
    time: leadingTime(time, now)?.time ?? null,
    level: code >= 500 ? 'error' : code >= 400 ? 'warn' : 'info',
    // What is asked for without its query, which differs from call to call and may hold secrets.
    text: `${method} ${path.replace(/\?.*/, '')} ${status}`,
    attributes: { client, method, status, ...(size === '-' ? {} : { size }) },
  };
}

/** `W0102 15:04:05.678901 1 controller.go:12] text`, of Kubernetes' own programs. */
const KLOG = /^([DIWEF])(\d{2})(\d{2}) (\d{2}:\d{2}:\d{2}(?:\.\d{1,6})?) +\d+ ([\w./-]{1,128}:\d+)\] ?/;

function parseKlog(line: string, now: number): ParsedLine | null {
  const found = KLOG.exec(line);
  if (found === null) return null;
  const [whole, letter = '', month = '', day = '', clock = '', where = ''] = found;
  const year = new Date(now).getUTCFullYear();
  const times = [year + 1, year, year - 1].map((which) => leadingTime(`${which}-${month}-${day}T${clock}`, now)?.time);
  return {
    time: times.find((time) => time !== undefined && time <= now + 86_400_000) ?? null,
    level: levelOfName(letter),
    text: line.slice(whole.length),
    attributes: { logger: where },
  };
}

const KEY = /^[A-Za-z_][\w.@-]{0,63}=/;
const PAIR = /([A-Za-z_][\w.@-]{0,63})=("(?:[^"\\]|\\.){0,8192}"|[^\s"]{0,8192})(?:\s+|$)/y;

/** Pairs of key and value from beginning to end, a level or a message among them. */
function parseLogfmt(line: string, now: number): ParsedLine | null {
  const fields = new Map<string, unknown>();
  PAIR.lastIndex = 0;
  while (PAIR.lastIndex < line.length) {
    const found = PAIR.exec(line);
    if (found === null) return null;
    const [, key = '', value = ''] = found;
    fields.set(key, value.startsWith('"') ? value.slice(1, -1).replaceAll(/\\(.)/g, '$1') : value);
  }
  const text = pick(fields, TEXT_KEYS);
  const level = pick(fields, LEVEL_KEYS);
  if (text === undefined && level === undefined) return null;
  return {
    time: timeOf(pick(fields, TIME_KEYS), now),
    level: levelOf(level),
    text: typeof text === 'string' ? text : line,
    attributes: attributesOf(fields),
  };
}

/** What stands between time, level and text; before a time there may be an opening bracket. */
const CLOSING = /^[\])>]?[\s:,|-]*/;
const LEVEL =
  /^[[(<]?(trace|verbose|debug|info|information|notice|warn|warning|err|error|severe|crit|critical|alert|emerg|fatal|panic)[\])>]?(?=[\s:,|-]|$)[\s:,|-]*/i;
/** Names and numbers that may stand between time and level. */
const BETWEEN = /^(?:\[[^\]]{0,128}\]|[\w.$/@:-]{1,128})[\s:,|-]+/;
const MAX_BETWEEN = 4;
const isOpening = (code: number): boolean => code === 91 || code === 40 || code === 60;
/** What the names of levels begin with, in any case. */
const LEVEL_LETTERS = new Set(Buffer.from('tvdinwescafpTVDINWESCAFP'));
const mayBeLevel = (text: string): boolean => LEVEL_LETTERS.has(text.charCodeAt(isOpening(text.charCodeAt(0)) ? 1 : 0));

function parseText(line: string, now: number): ParsedLine {
  const { time, rest } = afterTime(line, now);
  const found = levelIn(rest, time === null ? 0 : MAX_BETWEEN);
  return { time, level: found?.level ?? null, text: found?.text ?? rest, attributes: NO_LABELS };
}

function afterTime(line: string, now: number): { readonly time: number | null; readonly rest: string } {
  const opening = isOpening(line.charCodeAt(0)) ? 1 : 0;
  const found = leadingTime(opening === 0 ? line : line.slice(1), now);
  if (found === null) return { time: null, rest: line };
  const rest = line.slice(opening + found.length);
  return { time: found.time, rest: rest.slice(CLOSING.exec(rest)?.[0].length ?? 0) };
}

function levelIn(text: string, between: number): { readonly level: LogLevel | null; readonly text: string } | null {
  let rest = text;
  for (let step = 0; step <= between; step++) {
    const level = mayBeLevel(rest) ? LEVEL.exec(rest) : null;
    if (level !== null) return { level: levelOfName(level[1]!), text: rest.slice(level[0].length) };
    const names = BETWEEN.exec(rest);
    if (names === null) break;
    rest = rest.slice(names[0].length);
  }
  return null;
}
