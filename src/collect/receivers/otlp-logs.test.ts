import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { VigiaError } from '../../runtime/errors.ts';
import { createMetrics } from '../../runtime/metrics.ts';
import { createLogIntake } from '../logs/log-intake.ts';
import { OtlpLogsReader } from './otlp-logs.ts';

const NOW = 1_760_000_000_000;
const LEN = WireType.LengthDelimited;
const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';

const reader = new OtlpLogsReader(
  createLogIntake({
    metrics: createMetrics(),
    assign: (_, labels) => ({ entity: `service/${labels['service'] ?? 'none'}`, fleet: 'default' }),
    limits: { lineBytes: 65_536, aheadMs: 600_000, behindMs: 86_400_000 },
  }),
);

/** A line in the terms of OTLP, text and attributes as text. */
interface Sent {
  readonly at?: number;
  readonly severity?: number;
  readonly text?: string;
  readonly attributes?: readonly (readonly [string, string])[];
  readonly trace?: string;
}

const nanos = (ms: number): string => `${ms}000000`;
const pair = ([key, value]: readonly [string, string]) => ({ key, value: { stringValue: value } });

const asJson = (lines: readonly Sent[], service = 'shop'): Uint8Array =>
  Buffer.from(
    JSON.stringify({
      resourceLogs: [
        {
          resource: { attributes: [pair(['service.name', service])] },
          scopeLogs: [
            {
              logRecords: lines.map(({ at, severity, text, attributes = [], trace }) => ({
                ...(at !== undefined && { timeUnixNano: nanos(at) }),
                ...(severity !== undefined && { severityNumber: severity }),
                ...(text !== undefined && { body: { stringValue: text } }),
                ...(trace !== undefined && { traceId: trace }),
                attributes: attributes.map(pair),
              })),
            },
          ],
        },
      ],
    }),
  );

const anyText = (to: BinaryWriter, field: number, text: string): void => {
  to.tag(field, LEN).fork().tag(1, LEN).string(text).join();
};
const keyValue = (to: BinaryWriter, field: number, [key, value]: readonly [string, string]): void => {
  to.tag(field, LEN).fork().tag(1, LEN).string(key);
  anyText(to, 2, value);
  to.join();
};

const asProtobuf = (lines: readonly Sent[], service = 'shop'): Uint8Array => {
  const to = new BinaryWriter();
  to.tag(1, LEN).fork().tag(1, LEN).fork();
  keyValue(to, 1, ['service.name', service]);
  to.join().tag(2, LEN).fork();
  for (const { at, severity, text, attributes = [], trace } of lines) {
    to.tag(2, LEN).fork();
    if (at !== undefined) to.tag(1, WireType.Bit64).fixed64(BigInt(nanos(at)));
    if (severity !== undefined) to.tag(2, WireType.Varint).int32(severity);
    if (text !== undefined) anyText(to, 5, text);
    for (const one of attributes) keyValue(to, 6, one);
    if (trace !== undefined) to.tag(9, LEN).bytes(Buffer.from(trace, 'hex'));
    to.join();
  }
  return to.join().join().finish();
};

const encodings = [
  ['protobuf', asProtobuf],
  ['json', asJson],
] as const;

/** `read`, or the code of the error. */
const outcome = (body: Uint8Array, encoding: 'protobuf' | 'json'): Promise<string> =>
  reader.read(body, encoding, NOW).then(
    () => 'read',
    (error: unknown) => (error instanceof VigiaError ? error.code : String(error)),
  );

describe.each(encodings)('OTLP logs as %s', (encoding, encode) => {
  const read = (...lines: readonly Sent[]) => reader.read(encode(lines), encoding, NOW);

  it('become lines of the entity that the resource names, with time, level, attributes and trace', async () => {
    const { records, total } = await read(
      { at: NOW - 5, severity: 17, text: 'no ledger', attributes: [['attempt', '3']], trace: TRACE },
      { text: 'neither time nor level' },
    );
    expect(total).toBe(2);
    expect(records).toMatchObject([
      {
        entity: 'service/shop',
        time: NOW - 5,
        level: 'error',
        text: 'no ledger',
        attributes: { attempt: '3', trace_id: TRACE },
      },
      { entity: 'service/shop', time: NOW, level: 'info', text: 'neither time nor level', attributes: {} },
    ]);
  });

  it('have four severities a level', async () => {
    const { records } = await read(...Array.from({ length: 24 }, (_, i) => ({ severity: i + 1, text: `line ${i}` })));
    const levels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'];
    expect(records.map(({ level }) => level)).toEqual(levels.flatMap((level) => [level, level, level, level]));
    const strange = await read({ severity: 25, text: 'a' }, { severity: -1, text: 'b' });
    expect(strange.records.map(({ level }) => level)).toEqual(['info', 'info']);
  });

  it('that are empty or of a time that is not believed are counted and left out', async () => {
    const { records, total } = await read(
      { at: NOW, text: '  ' },
      { at: NOW },
      { at: NOW + 3_600_000, text: 'tomorrow' },
      { at: NOW - 2 * 86_400_000, text: 'long ago' },
      { at: NOW, text: 'now' },
    );
    expect([records.map(({ text }) => text), total]).toEqual([['now'], 5]);
  });

  it('have the same ids when they are sent again, and equal lines are two', async () => {
    const line = { at: NOW, text: 'started' };
    const first = (await read(line, line)).records.map(({ id }) => id);
    expect(new Set(first).size).toBe(2);
    expect((await read(line, line)).records.map(({ id }) => id)).toEqual(first);
  });

  it('keep no more attributes than a line may have, and the trace', async () => {
    const attributes = Array.from({ length: 40 }, (_, i) => [`a${i}`, 'x'.repeat(1000)] as const);
    const [record] = (await read({ text: 'much', attributes, trace: TRACE })).records;
    expect(Object.keys(record!.attributes)).toHaveLength(16);
    expect(record!.attributes['trace_id']).toBe(TRACE);
    expect(record!.attributes['a0']!.length).toBeLessThanOrEqual(256);
  });

  it('are read or refused with a code, whatever the bytes', async () => {
    const good = encode([{ at: NOW, severity: 9, text: 'a line', attributes: [['a', 'b']], trace: TRACE }]);
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          fc.uint8Array({ maxLength: 80 }),
          // One byte of a good body is another.
          fc
            .tuple(fc.nat(good.length - 1), fc.nat(255))
            .map(([at, byte]) => good.map((was, i) => (i === at ? byte : was))),
          fc.nat(good.length).map((length) => good.slice(0, length)),
        ),
        async (body) => {
          expect(['read', 'BODY_INVALID']).toContain(await outcome(body, encoding));
        },
      ),
    );
  });
});

it('OTLP logs whose values stand too deep in each other are refused in both encodings', async () => {
  const nested = (depth: number): object =>
    depth === 0 ? { stringValue: 'x' } : { arrayValue: { values: [nested(depth - 1)] } };
  const json = (depth: number): Uint8Array =>
    Buffer.from(JSON.stringify({ resourceLogs: [{ scopeLogs: [{ logRecords: [{ body: nested(depth) }] }] }] }));
  expect(await outcome(json(3), 'json')).toBe('read');
  expect(await outcome(json(500), 'json')).toBe('BODY_INVALID');

  const binary = (depth: number): Uint8Array => {
    const to = new BinaryWriter();
    for (const field of [1, 2, 2, 5]) to.tag(field, LEN).fork();
    // AnyValue, in it a list, in it an AnyValue.
    for (let i = 0; i < depth; i += 1) to.tag(5, LEN).fork().tag(1, LEN).fork();
    to.tag(1, LEN).string('x');
    for (let i = 0; i < depth; i += 1) to.join().join();
    return to.join().join().join().join().finish();
  };
  expect(await outcome(binary(3), 'protobuf')).toBe('read');
  expect(await outcome(binary(500), 'protobuf')).toBe('BODY_INVALID');
});
