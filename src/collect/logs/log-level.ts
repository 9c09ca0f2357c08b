import type { LogLevel } from '../../model/log-record.ts';

const NAMES: readonly (readonly [RegExp, LogLevel])[] = [
  [/^(?:trace|finest|finer|verbose|v|t)\d?$/, 'trace'],
  [/^(?:debug|dbg|fine|config|d)\d?$/, 'debug'],
  [/^(?:info|information|informational|notice|log|i|n)\d?$/, 'info'],
  [/^(?:warn|warning|w)\d?$/, 'warn'],
  [/^(?:err|error|severe|e)\d?$/, 'error'],
  [/^(?:fatal|crit|critical|alert|emerg|emergency|panic|dpanic|f|c)\d?$/, 'fatal'],
];

/** Names that were read, as a log has few of them. */
const KNOWN = new Map<string, LogLevel | null>();
const MAX_KNOWN = 256;

/** The level that a name stands for, in any case and with brackets or a colon around it; null when it is none. */
export function levelOfName(name: string): LogLevel | null {
  let level = KNOWN.get(name);
  if (level !== undefined) return level;
  if (KNOWN.size >= MAX_KNOWN) KNOWN.clear();
  KNOWN.set(name, (level = readName(name)));
  return level;
}

function readName(name: string): LogLevel | null {
  const plain = name.replaceAll(/^[[<(\s]+|[\])>:,\s]+$/g, '').toLowerCase();
  return NAMES.find(([pattern]) => pattern.test(plain))?.[1] ?? null;
}

/** The level of a number: of bunyan and pino (10 to 60), of OpenTelemetry (1 to 24) when `scale` says so, else of syslog (0 to 7). */
export function levelOfNumber(value: number, scale: 'pino' | 'otel' | 'syslog'): LogLevel | null {
  if (!Number.isInteger(value)) return null;
  const levels: readonly LogLevel[] = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'];
  if (scale === 'pino') return value % 10 === 0 ? (levels[value / 10 - 1] ?? null) : null;
  if (scale === 'otel') return value >= 1 && value <= 24 ? levels[Math.floor((value - 1) / 4)]! : null;
  // RFC 5424: emergency, alert, critical, error, warning, notice, informational, debug.
  const syslog: readonly LogLevel[] = ['fatal', 'fatal', 'fatal', 'error', 'warn', 'info', 'info', 'debug'];
  return syslog[value] ?? null;
}
