import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { LogRecord } from '../../model/log-record.ts';
import { systemClock } from '../../runtime/clock.ts';
import { createMetrics } from '../../runtime/metrics.ts';
import { createEntityRules, DEFAULT_ENTITY_RULES } from '../entity-rules.ts';
import { JournalEntries } from './journal-entries.ts';
import { takeJournal } from './journal-source.ts';
import { createLogIntake } from './log-intake.ts';

const field = (name: string, value: string | Buffer): Buffer => {
  const bytes = Buffer.from(value);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(bytes.length));
  return bytes.includes(10) || Buffer.isBuffer(value)
    ? Buffer.concat([Buffer.from(`${name}\n`), length, bytes, Buffer.from('\n')])
    : Buffer.from(`${name}=${value}\n`);
};
const entry = (fields: Readonly<Record<string, string | Buffer>>): Buffer =>
  Buffer.concat([...Object.entries(fields).map(([name, value]) => field(name, value)), Buffer.from('\n')]);

function* pieces(bytes: Buffer, sizes: readonly number[]): Generator<Buffer> {
  let at = 0;
  for (let turn = 0; at < bytes.length; turn++) {
    const size = sizes[turn % sizes.length]!;
    yield bytes.subarray(at, at + size);
    at += size;
  }
}
const read = (bytes: Buffer, sizes: readonly number[] = [1 << 20], limit = 1000) => {
  const entries = new JournalEntries(limit);
  const found = [...pieces(bytes, sizes)].flatMap((piece) => entries.take(piece));
  return { found: found.map((one) => Object.fromEntries(one)), refused: entries.refused };
};

describe("the export format of systemd's journal", () => {
  test('fields as text and as bytes, however the pieces fall', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ MESSAGE: fc.string({ maxLength: 200 }), PRIORITY: fc.constantFrom('0', '6') }), {
          minLength: 1,
          maxLength: 5,
        }),
        fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 8 }),
        (all, sizes) => {
          const bytes = Buffer.concat(all.map((one) => entry({ OTHER: Buffer.from('a\n\nb'), ...one })));
          expect(read(bytes, sizes)).toEqual({ found: all, refused: 0 });
        },
      ),
    );
  });

  test('any bytes are read without a throw, in bounded memory', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
        expect(read(Buffer.from(bytes), [7]).refused).toBeLessThanOrEqual(bytes.length);
      }),
    );
  });

  test('what is too long is cut, what is passed over is not held, and the next entry is whole', () => {
    const huge = entry({ COREDUMP: Buffer.alloc(500_000, 10), MESSAGE: 'x'.repeat(5000), PRIORITY: '3' });
    const binary = entry({ MESSAGE: Buffer.alloc(5000, 'y') });
    const nonsense = Buffer.from(`${'n'.repeat(300)}\nMESSAGE=after\n\n`);
    const { found, refused } = read(Buffer.concat([huge, binary, nonsense]), [4096]);
    expect(found.map(({ MESSAGE }) => MESSAGE)).toEqual(['x'.repeat(1000), 'y'.repeat(1000), 'after']);
    expect(found[0]?.['PRIORITY']).toBe('3');
    expect(refused).toBe(1);
  });
});

test('an entry becomes a line of its host, with its place in the journal', async () => {
  const metrics = createMetrics();
  const assign = createEntityRules(DEFAULT_ENTITY_RULES, 'service/push');
  const limits = { lineBytes: 1000, aheadMs: 60_000, behindMs: 86_400_000 };
  const taken: LogRecord[] = [];
  const publish = async (records: readonly LogRecord[]): Promise<void> => void taken.push(...records);
  const now = Date.now();
  const told = {
    __CURSOR: `s=${'ab'.repeat(16)};i=1f;b=${'0'.repeat(32)};m=1;t=2;x=3`,
    __REALTIME_TIMESTAMP: `${now - 5000}123`,
    _HOSTNAME: 'db-1',
    _SYSTEMD_UNIT: 'shop.service',
    SYSLOG_IDENTIFIER: 'shop',
    PRIORITY: '3',
  };
  const body = Buffer.concat([
    entry({ ...told, MESSAGE: 'could not reach ana@example.com\nnor anybody' }),
    entry({ ...told, MESSAGE: '{"level":"warn","msg":"slow"}', __CURSOR: told.__CURSOR.replace('1f', '20') }),
    entry({ ...told, MESSAGE: '  ' }),
  ]);
  async function* sent(): AsyncGenerator<Uint8Array> {
    yield* pieces(body, [50]);
  }
  const deps = { clock: systemClock, metrics, intake: createLogIntake({ metrics, assign, limits }), publish };
  const last: (string | undefined)[] = [];
  const origin = { source: 'logs/journal', labels: {} };
  await takeJournal(
    sent(),
    { ...deps, origin, messageBytes: 1000 },
    async (one) => void last.push(one.get('__CURSOR')),
  );
  expect(taken).toMatchObject([
    {
      entity: 'host/db-1',
      level: 'error',
      time: now - 5000,
      text: 'could not reach [e-mail]\nnor anybody',
      attributes: { unit: 'shop.service', app: 'shop' },
      place: { at: 0x1f },
    },
    { level: 'warn', text: 'slow', place: { at: 0x20, stream: taken[0]!.place!.stream } },
  ]);
  expect(last.at(-1)).toBe(told.__CURSOR);
});
