import { setImmediate as turn } from 'node:timers/promises';
import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';
import type { Labels } from '../../model/labels.ts';
import type { LogLevel, LogRecord } from '../../model/log-record.ts';
import { msOfNanos } from '../nanoseconds.ts';
import { createRepeats, type LogIntake } from '../logs/log-intake.ts';
import { nanosOf, parseJsonBody, treesOf } from './otlp-json.ts';
import { readResourceAttributes } from './otlp-metrics.ts';
import { labelName, resourceLabels } from './otlp-names.ts';
import { pairsOfJson, type Plain, plainOf, plainText, readAnyValue, readKeyValue } from './otlp-values.ts';
import { eachField, endOfMessage, readingWire } from '../../runtime/wire.ts';

/** Lines read in one go before other work gets its turn. */
const LINES_A_TURN = 1000;
const MAX_ATTRIBUTES = 16;
const MAX_VALUE = 256;
const SOURCE = 'logs/otlp';

/** A line of log as OTLP has it. */
interface Line {
  /** Nanoseconds since 1970, as exactly as a number holds them; 0 when not told. */
  time: number;
  observed: number;
  /** 1 to 24, four for each level; 0 when not told. */
  severity: number;
  body: Plain;
  attributes: (readonly [string, Plain])[];
  trace: string;
}

const newLine = (): Line => ({ time: 0, observed: 0, severity: 0, body: null, attributes: [], trace: '' });

const LEVELS: readonly LogLevel[] = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'];
const levelOf = (severity: number): LogLevel | null => LEVELS[Math.ceil(severity / 4) - 1] ?? null;

function parts({ time, observed, severity, body, attributes, trace }: Line) {
  const told = attributes.map(([name, value]): [string, string] => [name, plainText(value).slice(0, MAX_VALUE)]);
  const named = told.map(([name, value]): [string, string] => [labelName(name), value]).slice(0, MAX_ATTRIBUTES - 1);
  return {
    time: time > 0 ? msOfNanos(time) : observed > 0 ? msOfNanos(observed) : null,
    level: levelOf(severity),
    text: plainText(body),
    attributes: Object.fromEntries(trace === '' ? named : [...named, ['trace_id', trace]]),
  };
}

/** Reads the bodies of OTLP's logs (`ExportLogsServiceRequest`). A repeated body gives the same ids. */
export class OtlpLogsReader {
  readonly #intake: LogIntake;

  constructor(intake: LogIntake) {
    this.#intake = intake;
  }

  /** Throws `BODY_INVALID` when it is no such message. `total` counts those that were not believed too. */
  async read(body: Uint8Array, encoding: 'protobuf' | 'json', now: number): Promise<Taken> {
    const taken: Taken = { records: [], total: 0 };
    const again = createRepeats(body);
    const take = (line: Line, labels: Labels): void => {
      taken.total += 1;
      const said = parts(line);
      if (said.text.trim() === '') return;
      const raw = `${line.time} ${line.severity} ${line.trace} ${said.text} ${JSON.stringify(said.attributes)}`;
      const record = this.#intake.parsed(said, raw, { source: SOURCE, labels, ...again(raw) }, now);
      if (record !== null) taken.records.push(record);
    };
    await readingWire(() => (encoding === 'json' ? readJson(body, take) : readBinary(body, take)));
    return taken;
  }
}

interface Taken {
  readonly records: LogRecord[];
  total: number;
}

type Take = (line: Line, labels: Labels) => void;

async function readJson(body: Uint8Array, take: Take): Promise<void> {
  let read = 0;
  for (const group of treesOf(parseJsonBody(body)['resourceLogs'])) {
    const { attributes } = (group['resource'] ?? {}) as { readonly attributes?: unknown };
    const labels = resourceLabels(pairsOfJson(attributes));
    for (const record of treesOf(group['scopeLogs']).flatMap((scope) => treesOf(scope['logRecords']))) {
      const { severityNumber, traceId } = record;
      const line = {
        time: nanosOf(record['timeUnixNano']),
        observed: nanosOf(record['observedTimeUnixNano']),
        severity: typeof severityNumber === 'number' ? severityNumber : 0,
        body: plainOf(record['body']),
        attributes: [...pairsOfJson(record['attributes'])],
        trace: typeof traceId === 'string' ? traceId : '',
      };
      take(line, labels);
      read += 1;
      if (read % LINES_A_TURN === 0) await turn();
    }
  }
}

async function readBinary(body: Uint8Array, take: Take): Promise<void> {
  const reader = new BinaryReader(body);
  const groups: (readonly [number, number])[] = [];
  eachField(reader, reader.len, (field, wire) => {
    if (field !== 1 || wire !== WireType.LengthDelimited) return false;
    const end = endOfMessage(reader);
    groups.push([reader.pos, end]);
    reader.pos = end;
    return true;
  });
  for (const [from, end] of groups) await readGroup(body.subarray(from, end), take);
}

async function readGroup(bytes: Uint8Array, take: Take): Promise<void> {
  const reader = new BinaryReader(bytes);
  const resource: (readonly [string, Plain])[] = [];
  const lines: Line[] = [];
  eachField(reader, reader.len, (field, wire) => {
    if (wire !== WireType.LengthDelimited) return false;
    if (field === 1) return readResourceAttributes(reader, resource);
    if (field !== 2) return false;
    eachField(reader, endOfMessage(reader), (inner, innerWire) => {
      if (inner !== 2 || innerWire !== WireType.LengthDelimited) return false;
      lines.push(readLine(reader));
      return true;
    });
    return true;
  });
  const labels = resourceLabels(resource);
  for (const [i, line] of lines.entries()) {
    take(line, labels);
    if (i % LINES_A_TURN === LINES_A_TURN - 1) await turn();
  }
}

const nanos = (reader: BinaryReader): number => Number(reader.fixed64());

function readLine(reader: BinaryReader): Line {
  const line = newLine();
  eachField(reader, endOfMessage(reader), (field, wire) => {
    if (field === 1 && wire === WireType.Bit64) line.time = nanos(reader);
    else if (field === 11 && wire === WireType.Bit64) line.observed = nanos(reader);
    else if (field === 2 && wire === WireType.Varint) line.severity = reader.int32();
    else if (wire !== WireType.LengthDelimited) return false;
    else if (field === 5) line.body = readAnyValue(reader);
    else if (field === 6) line.attributes.push(readKeyValue(reader, endOfMessage(reader)));
    else if (field === 9) line.trace = Buffer.from(reader.bytes()).toString('hex');
    else return false;
    return true;
  });
  return line;
}
