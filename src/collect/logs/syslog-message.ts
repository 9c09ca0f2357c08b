import type { Labels } from '../../model/labels.ts';
import type { LogLevel } from '../../model/log-record.ts';
import { levelOfNumber } from './log-level.ts';
import { leadingTime } from './log-time.ts';

/** What a syslog message says (RFC 5424 and RFC 3164). */
export interface SyslogMessage {
  /** Unix ms; null when it does not say. */
  readonly time: number | null;
  readonly level: LogLevel;
  readonly host: string | null;
  readonly text: string;
  /** `app`, `pid`, `facility`, `msgid`, and the structured data as `id.name`; at most 16. */
  readonly attributes: Labels;
}

const PRIORITY = /^<(\d{1,3})>/;
/** 23 facilities of 8 severities each. */
const MAX_PRIORITY = 191;
/** `VERSION TIMESTAMP HOSTNAME APP-NAME PROCID MSGID `, where `-` is nothing. */
const NEW_HEAD = /^1 (\S{1,64}) (\S{1,255}) (\S{1,48}) (\S{1,128}) (\S{1,32}) /;
const ELEMENT = /\[([^\s=\]"]{1,32})((?: [^\s=\]"]{1,32}="(?:[^"\\\]]|\\.){0,1024}")*)\] ?/y;
const PARAMETER = / ([^\s=\]"]{1,32})="((?:[^"\\\]]|\\.){0,1024})"/g;
const OLD_TAG = /^([\w./@-]{1,64})(?:\[(\d{1,10})\])?: ?/;
const OLD_HOST = /^([\w.:-]{1,255}) +(?=\S)/;
const MAX_ATTRIBUTES = 16;
const BOM = '\uFEFF';

const given = (value: string): string | null => (value === '-' ? null : value);

/**
 * Reads a message of either standard; null without a priority in range, which no syslog message lacks. What follows the
 * priority in no known form is its text. `now` gives the year, which the older standard leaves out.
 */
export function parseSyslog(message: string, now: number): SyslogMessage | null {
  const priority = PRIORITY.exec(message);
  const value = Number(priority?.[1]);
  if (priority === null || value > MAX_PRIORITY) return null;
  const level = levelOfNumber(value % 8, 'syslog') ?? 'info';
  const rest = message.slice(priority[0].length).replace(/[\r\n]+$/, '');
  const facility = { facility: String(Math.floor(value / 8)) };
  return parseNew(rest, { level, facility, now }) ?? parseOld(rest, { level, facility, now });
}

interface Known {
  readonly level: LogLevel;
  readonly facility: Labels;
  readonly now: number;
}

function parseNew(rest: string, { level, facility, now }: Known): SyslogMessage | null {
  const head = NEW_HEAD.exec(rest);
  if (head === null) return null;
  const [whole, time, host, app, pid, msgid] = head as unknown as [string, string, string, string, string, string];
  const named = { app: given(app), pid: given(pid), msgid: given(msgid) };
  const { data, text } = structuredData(rest.slice(whole.length));
  const attributes = [...Object.entries(named), ...data].flatMap(([name, found]) =>
    found === null ? [] : [[name, found] as const],
  );
  return {
    time: time === '-' ? null : (leadingTime(time, now)?.time ?? null),
    level,
    host: given(host),
    text: text.startsWith(BOM) ? text.slice(1) : text,
    attributes: { ...facility, ...Object.fromEntries(attributes.slice(0, MAX_ATTRIBUTES - 1)) },
  };
}

function structuredData(rest: string): {
  readonly data: readonly (readonly [string, string])[];
  readonly text: string;
} {
  if (rest === '-' || rest.startsWith('- ')) return { data: [], text: rest.slice(2) };
  const data: (readonly [string, string])[] = [];
  let at = 0;
  for (;;) {
    ELEMENT.lastIndex = at;
    const element = ELEMENT.exec(rest);
    if (element === null) return { data, text: rest.slice(at) };
    for (const [, name = '', value = ''] of element[2]!.matchAll(PARAMETER))
      if (data.length < MAX_ATTRIBUTES) data.push([`${element[1]}.${name}`, value.replaceAll(/\\(["\\\]])/g, '$1')]);
    at = ELEMENT.lastIndex;
  }
}

/** `Mmm dd hh:mm:ss HOST TAG[PID]: text`; programs leave out the host, the tag or both. */
function parseOld(rest: string, { level, facility, now }: Known): SyslogMessage {
  const time = leadingTime(rest, now);
  let text = time === null ? rest : rest.slice(time.length).trimStart();
  const host = time === null || OLD_TAG.test(text) ? null : (OLD_HOST.exec(text)?.[1] ?? null);
  if (host !== null) text = text.slice(host.length).trimStart();
  const tag = OLD_TAG.exec(text);
  const app = tag === null ? {} : { app: tag[1]!, ...(tag[2] === undefined ? {} : { pid: tag[2] }) };
  return {
    time: time?.time ?? null,
    level,
    host,
    text: tag === null ? text : text.slice(tag[0].length),
    attributes: { ...facility, ...app },
  };
}
