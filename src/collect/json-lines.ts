import type { MetricType } from '../model/series.ts';
import type { Labels } from '../model/labels.ts';
import { addSample, createPage, drop, type PageLimits, type SamplePage } from './sample-page.ts';
import type { SeriesRegistry } from './series-registry.ts';
import type { ParsedSeries, SyntaxFault } from './series-text.ts';

const TYPES: ReadonlySet<unknown> = new Set<MetricType>([
  'gauge',
  'counter',
  'histogram',
  'summary',
  'stateset',
  'info',
  'unknown',
]);

/** Numbers that JSON cannot write. */
const WORDS: ReadonlyMap<unknown, number> = new Map<unknown, number>([
  ['NaN', Number.NaN],
  ['Inf', Infinity],
  ['+Inf', Infinity],
  ['-Inf', -Infinity],
  ['Infinity', Infinity],
  ['-Infinity', -Infinity],
]);

const ISO = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})$/;
/** Lines read in one go before other work gets its turn; some ms. */
const LINES_A_TURN = 2_000;

interface ParsedLine extends ParsedSeries {
  readonly type: MetricType;
  readonly unit: string | undefined;
  readonly time: number;
  readonly value: number;
}

const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';

/** Unix ms, or ISO 8601 with a zone; NaN when it is neither. */
function readTime(time: unknown, now: number): number {
  if (time === undefined || time === null) return now;
  if (typeof time === 'string') return ISO.test(time) ? Date.parse(time) : Number.NaN;
  return typeof time === 'number' && Number.isSafeInteger(Math.round(time)) ? Math.round(time) : Number.NaN;
}

function readLabels(labels: unknown, entity: unknown): Labels | undefined {
  if (labels !== undefined && (typeof labels !== 'object' || labels === null || Array.isArray(labels)))
    return undefined;
  const entries = Object.entries(labels ?? {}).filter(([, value]) => value !== '');
  if (entries.some(([name, value]) => name === '' || typeof value !== 'string')) return undefined;
  if (entity !== undefined && !isText(entity)) return undefined;
  return Object.fromEntries([...entries, ...(entity === undefined ? [] : [['entity', entity]])]) as Labels;
}

function parseObject(line: string): Readonly<Record<string, unknown>> | SyntaxFault {
  try {
    const parsed: unknown = JSON.parse(line);
    return typeof parsed === 'object' && parsed !== null ? (parsed as Record<string, unknown>) : 'json_shape';
  } catch {
    return 'json';
  }
}

/** One line: `{"name", "labels"?, "time"?, "value", "type"?, "unit"?, "entity"?}`; other keys are left alone. */
function parseLine(line: string, now: number): ParsedLine | SyntaxFault {
  const record = parseObject(line);
  if (typeof record === 'string') return record;
  const { name, type = 'unknown', unit } = record;
  if (!isText(name) || !TYPES.has(type) || (unit !== undefined && typeof unit !== 'string')) return 'json_shape';
  const labels = readLabels(record['labels'], record['entity']);
  if (labels === undefined) return 'json_shape';
  const value = typeof record['value'] === 'number' ? record['value'] : WORDS.get(record['value']);
  if (value === undefined) return 'value';
  const time = readTime(record['time'], now);
  if (Number.isNaN(time)) return 'timestamp';
  return { name, labels, type: type as MetricType, unit, time, value };
}

/** The end of the line that starts at `at`. */
function endOfLine(bytes: Uint8Array, at: number): number {
  const end = bytes.indexOf(10, at);
  return end === -1 ? bytes.length : end;
}

/** Reads samples as JSON lines; stops at the first line that is not valid. `now` is the time of samples that name none. */
export async function parseJsonLines(
  bytes: Buffer,
  registry: SeriesRegistry,
  limits: PageLimits,
  now: number,
): Promise<SamplePage> {
  const page = createPage(limits, { now, number: registry.nextPage(), capacity: Math.ceil(bytes.length / 64) });
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const readLine = (line: Buffer): SyntaxFault | undefined => {
    if (line.length > limits.lineBytes) {
      drop(page, 'line_too_long');
      return undefined;
    }
    let text: string;
    try {
      text = decoder.decode(line).trim();
    } catch {
      drop(page, 'invalid_utf8');
      return undefined;
    }
    if (text === '') return undefined;
    const parsed = parseLine(text, now);
    if (typeof parsed === 'string') return parsed;
    const slot = registry.slot(parsed, parsed.type, parsed.unit);
    if (typeof slot === 'string') drop(page, slot);
    else addSample(page, slot, parsed);
    return undefined;
  };
  let number = 0;
  for (let at = 0; at < bytes.length;) {
    const end = endOfLine(bytes, at);
    number += 1;
    const fault = readLine(bytes.subarray(at, end));
    if (fault !== undefined) {
      page.fault = { line: number, fault };
      return page;
    }
    at = end + 1;
    if (number % LINES_A_TURN === 0) await new Promise((resolve) => void setImmediate(resolve));
  }
  return page;
}
