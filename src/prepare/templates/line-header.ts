/** Where the text of a line begins, found from many lines of one source. */
export interface LineHeader {
  readonly separator: ' ' | '|';
  /** Fields before the text; 0 when there is no header. */
  readonly fields: number;
  /** Those that are a time, a number or a level in nearly every line: by these a line is known to have the header. */
  readonly anchors: readonly number[];
  /** The last field is a component such as `sshd[123]:`, which some lines lack or follow with `(…):`. */
  readonly component: boolean;
  /** A lone dash within the next few fields ends the header. */
  readonly dashed: boolean;
}

export const NO_HEADER: LineHeader = { separator: ' ', fields: 0, anchors: [], component: false, dashed: false };

const LEVEL =
  /^[[<(]?(?:trace|debug|verbose|info|information|notice|warn|warning|err|error|crit|critical|alert|emerg|fatal|severe|[VDIWEF])[\])>]?[:,]?$/i;
const NUMBER = /^[[(<]?[+-]?\d[\d.,:/TZ_+-]*[\])>]?[:,]?$/;
const CALENDAR = /^(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|mon|tue|wed|thu|fri|sat|sun)[a-z]*[.,]?$/i;
/** A date, a time of day or seconds since 1970: what hardly ever stands in a text at the same place. */
const TIME =
  /^[[(<]?(?:\d{1,4}[-/]\d{1,2}[-/]\d{1,4}|\d{4}\.\d{2}\.\d{2}|1\d{9}(?:\d{3})?\b|.*\d{1,2}:\d{1,2}:\d{1,2})/;
const BRACKETED_TIME = /^\[[^\]]*\d{1,2}:\d{2}[^\]]*\]$/;
const BRACKETED = /^\[.*\]:?$/;
const COMPONENT = /[^:]:$/;
const COMPONENT_NOTE = /^\(.*\):$/;
const DASH = /^(?:-|--)$/;

/** What ends a header is looked for in so many fields. */
const NEAR = 3;
/** A field is looked for among so many from the left; brackets longer than this are text. */
const MAX_FIELDS = 12;
const MAX_BRACKET = 200;
/** Share of the lines with a header that must agree on a field; a component is left out now and then. */
const NEARLY_ALL = 0.97;
const MOST = 0.9;
/** Lines that are part of others, such as stack traces, have no header; this share of all must have one. */
const LEAST_LINES = 0.3;

/**
 * Finds what the lines of one source begin with: times, numbers, levels, process names. Nothing is known of the source;
 * a field is part of the header when it has the same shape in nearly every line. Best from some hundred lines or more.
 */
export function findHeader(lines: readonly string[]): LineHeader {
  const written = lines.filter((line) => line.trim() !== '');
  const piped = written.filter((line) => /^[^|\s]*\|[^|]*\|/.test(line)).length;
  const separator = written.length > 0 && piped >= MOST * written.length ? '|' : ' ';
  const all = written.map((line) => fieldsOf(line, separator));
  const rows = all.filter((row) => row.slice(0, 4).some(isAnchor));
  if (rows.length < LEAST_LINES * all.length || rows.length === 0) return { ...NO_HEADER, separator };
  const anchors = findAnchors(rows, separator);
  const last = anchors.at(-1);
  if (last === undefined) return { ...NO_HEADER, separator };
  const fields = last + 1;
  if (separator === '|') return { separator, fields, anchors, component: false, dashed: false };
  return { separator, anchors, ...beyond(rows, fields) };
}

/** Times and levels wherever they stand; numbers and dashes only in a row with them, for numbers stand in texts too. */
function findAnchors(rows: readonly (readonly string[])[], separator: ' ' | '|'): readonly number[] {
  const anchors: number[] = [];
  let certain = false;
  for (let at = 0; at < MAX_FIELDS; at++) {
    const strong = shareOf(rows, at, isTimeOrLevel) >= NEARLY_ALL;
    const beside = at === 0 || separator === '|' || anchors.at(-1) === at - 1;
    if (strong || (beside && shareOf(rows, at, (field) => isAnchor(field) || DASH.test(field)) >= NEARLY_ALL))
      anchors.push(at);
    certain ||= strong;
  }
  return certain ? anchors : [];
}

/** Where the text of this line begins; 0 when the line does not have the header. */
export function textStart(line: string, header: LineHeader): number {
  const { fields, anchors, separator } = header;
  if (fields === 0) return 0;
  const bounds = fieldBounds(line, separator, fields + NEAR + 1);
  const found = Array.from({ length: bounds.length / 2 }, (_, at) => line.slice(bounds[2 * at], bounds[2 * at + 1]));
  const fits = anchors.filter((at) => at < found.length && (isAnchor(found[at]!) || DASH.test(found[at]!))).length;
  if (found.length < fields || 2 * fits < anchors.length) return 0;
  const first = firstOfText(found, header);
  return first < found.length ? bounds[2 * first]! : line.length;
}

function firstOfText(found: readonly string[], { fields, component, dashed }: LineHeader): number {
  if (dashed) {
    const dash = found.slice(fields, fields + NEAR).findIndex((field) => DASH.test(field));
    return dash < 0 ? fields : fields + dash + 1;
  }
  if (!component || COMPONENT.test(found[fields - 1]!)) return fields;
  return COMPONENT_NOTE.test(found[fields] ?? '') ? fields + 1 : fields - 1;
}

const isTimeOrLevel = (field: string): boolean =>
  LEVEL.test(field) || CALENDAR.test(field) || BRACKETED_TIME.test(field) || (NUMBER.test(field) && TIME.test(field));

const isAnchor = (field: string): boolean => isTimeOrLevel(field) || NUMBER.test(field);

/** Share of the rows that go on after this field in which it passes; 0 where few rows have it. */
function shareOf(rows: readonly (readonly string[])[], at: number, passes: (field: string) => boolean): number {
  let have = 0;
  let pass = 0;
  for (const row of rows) {
    if (row.length <= at + 1) continue;
    have += 1;
    if (passes(row[at]!)) pass += 1;
  }
  return have < MOST * rows.length ? 0 : pass / have;
}

/** Follows dashes, brackets and one component after the last anchor. */
function beyond(
  rows: readonly (readonly string[])[],
  from: number,
): Pick<LineHeader, 'fields' | 'component' | 'dashed'> {
  let fields = from;
  for (let next = punctuated(rows, fields); next !== null; next = punctuated(rows, fields)) fields = next;
  for (let at = fields; at < Math.min(fields + NEAR, MAX_FIELDS); at++) {
    const named = rows.filter((row) => COMPONENT.test(row[at] ?? '') || COMPONENT_NOTE.test(row[at + 1] ?? '')).length;
    if (named > MOST * rows.length) return { fields: at + 1, component: true, dashed: false };
  }
  const dashes = rows.filter((row) => row.slice(fields, fields + NEAR).some((field) => DASH.test(field))).length;
  return { fields, component: false, dashed: dashes >= NEARLY_ALL * rows.length };
}

/** One past the dash or the brackets that nearly every row has next, or null. */
function punctuated(rows: readonly (readonly string[])[], fields: number): number | null {
  for (let at = fields; at < Math.min(fields + 2, MAX_FIELDS); at++)
    if (shareOf(rows, at, (field) => DASH.test(field) || BRACKETED.test(field)) >= NEARLY_ALL) return at + 1;
  return null;
}

const fieldsOf = (line: string, separator: ' ' | '|'): string[] => {
  const bounds = fieldBounds(line, separator, MAX_FIELDS + 4);
  return Array.from({ length: bounds.length / 2 }, (_, at) => line.slice(bounds[2 * at], bounds[2 * at + 1]));
};

/** Starts and ends, in turn, of the first fields; brackets hold a field together. */
function fieldBounds(line: string, separator: ' ' | '|', most: number): number[] {
  const blanks = separator === ' ';
  const ends = (at: number): boolean => (blanks ? isSpace(line.charCodeAt(at)) : line[at] === separator);
  const bounds: number[] = [];
  let at = 0;
  while (bounds.length < 2 * most) {
    if (blanks) while (ends(at)) at += 1;
    if (at >= line.length) break;
    let end = line[at] === '[' ? bracketEnd(line, at) : at;
    while (end < line.length && !ends(end)) end += 1;
    bounds.push(at, end);
    at = blanks ? end : end + 1;
  }
  return bounds;
}

const isSpace = (code: number): boolean => code === 32 || code === 9;

function bracketEnd(line: string, from: number): number {
  let depth = 0;
  const limit = Math.min(line.length, from + MAX_BRACKET);
  for (let at = from; at < limit; at++) {
    if (line[at] === '[') depth += 1;
    else if (line[at] === ']' && --depth === 0) return at + 1;
  }
  return from;
}
