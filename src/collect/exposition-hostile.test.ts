import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createEntityRules, DEFAULT_ENTITY_RULES } from './entity-rules.ts';
import { ExpositionParser } from './exposition.ts';
import { DEFAULT_SERIES_LIMITS, type SeriesLimits, SeriesRegistry } from './series-registry.ts';

const NOW = 1_760_000_000_000;
const HOUR = 3_600_000;

function createParser(series: Partial<SeriesLimits> = {}) {
  const assign = createEntityRules(DEFAULT_ENTITY_RULES, 'service/push');
  const registry = new SeriesRegistry({ assign, limits: { ...DEFAULT_SERIES_LIMITS, ...series } });
  const parser = new ExpositionParser(registry, { lineBytes: 65_536, aheadMs: 600_000, behindMs: HOUR });
  const parse = async (body: string | Buffer) => {
    const page = await parser.parse(Buffer.from(body as string), false, NOW);
    const keys = page.slots.slice(0, page.count).map(({ series }) => series.key);
    return {
      keys,
      labels: page.slots.map(({ series }) => series.labels),
      count: page.count,
      drops: Object.fromEntries(page.drops),
      fault: page.fault,
    };
  };
  return { parse, registry };
}

describe('hostile input', () => {
  it('a line of 100 MB is dropped, its neighbours are kept', async () => {
    const { parse, registry } = createParser();
    const body = Buffer.concat([Buffer.from('a 1\nb{x="'), Buffer.alloc(100 << 20, 120), Buffer.from('"} 1\nc 1\n')]);
    expect(await parse(body)).toMatchObject({ keys: ['a', 'c'], drops: { line_too_long: 1 }, fault: undefined });
    expect(registry.size).toBe(2);
  });

  it('100 MB without a line end, without a quote, or of nothing', async () => {
    const { parse } = createParser();
    expect(await parse(Buffer.alloc(100 << 20, 97))).toMatchObject({ count: 0, drops: { line_too_long: 1 } });
    expect(await parse(Buffer.alloc(20 << 20, 32))).toMatchObject({ count: 0, drops: {}, fault: undefined });
    expect(await parse(Buffer.alloc(1 << 20, 10))).toMatchObject({ count: 0, drops: {}, fault: undefined });
    expect(await parse(Buffer.alloc(1 << 20, 0))).toMatchObject({ count: 0 });
    expect(await parse(Buffer.alloc(0))).toMatchObject({ count: 0, fault: undefined });
  });

  it.each([[0xff], [0xc3], [0xed, 0xa0, 0x80], [0xf8, 0x88, 0x80, 0x80, 0x80], [0xc0, 0xaf]])(
    'invalid UTF-8 %# is refused where it stands, again and again',
    async (...bytes) => {
      const { parse, registry } = createParser();
      const body = Buffer.concat([Buffer.from('a 1\nb{x="'), Buffer.from(bytes), Buffer.from('"} 1\nc{x="é"} 1\n')]);
      for (let page = 0; page < 3; page += 1) {
        expect(await parse(body)).toMatchObject({
          keys: ['a', 'c{x="é"}'],
          count: 2,
          drops: { invalid_utf8: 1 },
          fault: undefined,
        });
      }
      expect(registry.size).toBe(2);
    },
  );

  it('invalid UTF-8 in comments harms nothing', async () => {
    const body = Buffer.concat([
      Buffer.from('# HELP a '),
      Buffer.from([0xff, 0xfe]),
      Buffer.from('\n# '),
      Buffer.from([0xff]),
      Buffer.from('\na 1\n'),
    ]);
    expect(await createParser().parse(body)).toMatchObject({ count: 1, fault: undefined });
  });

  it('a page cut anywhere is refused or read as far as it makes sense, and never throws', async () => {
    const whole =
      '# TYPE a counter\na_total{x="1",y="\\"\\n"} 12.5 1760000000000\nb{z="é"} NaN\n# HELP c text\nc 1e5\n';
    const bytes = Buffer.from(whole);
    const { parse } = createParser();
    const known = new Set((await parse(whole)).keys);
    for (let length = 0; length < bytes.length; length += 1) {
      const { keys, fault } = await parse(bytes.subarray(0, length));
      for (const key of keys) expect(known.has(key)).toBe(true);
      expect(fault?.line ?? 1).toBeGreaterThanOrEqual(1);
    }
  });

  it('duplicate series on one page count once', async () => {
    const { parse } = createParser();
    const page = `${'a{x="1"} 1\n'.repeat(1000)}b 1\n`;
    for (let i = 0; i < 2; i += 1) expect(await parse(page)).toMatchObject({ count: 2, drops: { duplicate: 999 } });
  });

  it('time stamps in the far future or long ago harm only themselves', async () => {
    const far = ['9007199254740991', String(NOW + 601_000), '253402300800000'];
    const old = ['0', '-1', String(NOW - HOUR - 1), '-9007199254740991'];
    const body = [...far, ...old].map((time, i) => `t${i} 1 ${time}\n`).join('') + `fine 1 ${NOW}\n`;
    expect(await createParser().parse(body)).toMatchObject({
      keys: ['fine'],
      drops: { too_far_ahead: 3, too_old: 4 },
      fault: undefined,
    });
    expect((await createParser().parse('a 1 99999999999999999999\n')).fault).toEqual({ line: 1, fault: 'timestamp' });
  });

  it('a flood of labels ends at the limit and leaves known series alone', async () => {
    const { parse, registry } = createParser({ series: 100 });
    expect((await parse('known 1\n')).count).toBe(1);
    const flood = Array.from({ length: 50_000 }, (_, i) => `flood{id="${i}"} ${i}\n`).join('');
    const page = await parse(`${flood}known 2\n`);
    expect(page.count).toBe(100);
    expect(page.keys.at(-1)).toBe('known');
    expect(page.drops).toEqual({ series_limit: 49_901 });
    expect(registry.size).toBe(100);
  });

  it('too many or too long labels refuse that series only', async () => {
    const many = Array.from({ length: 65 }, (_, i) => `l${i}="v"`).join(',');
    const { parse } = createParser();
    const body = `a{${many}} 1\nb{x="${'v'.repeat(3000)}"} 1\n${'n'.repeat(3000)} 1\nc{${'l'.repeat(3000)}="v"} 1\nd 1\n`;
    expect(await parse(body)).toMatchObject({ keys: ['d'], drops: { label_limit: 4 }, fault: undefined });
  });

  it('labels named like properties of objects are only labels', async () => {
    const { parse } = createParser();
    const body = '__proto__{constructor="x",__proto__="y",toString="z"} 1\n# TYPE constructor gauge\nconstructor 2\n';
    const page = await parse(body);
    expect(page.fault).toBeUndefined();
    expect(page.keys).toEqual(['__proto__{__proto__="y",constructor="x",toString="z"}', 'constructor']);
    expect(Object.entries(page.labels[0]!)).toHaveLength(3);
    expect(({} as Record<string, unknown>)['x']).toBeUndefined();
  });

  it('any bytes at all: no exception, faults name a line, what is taken is valid', async () => {
    const { parse } = createParser({ series: 500 });
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (bytes) => {
        const { count, fault } = await parse(Buffer.from(bytes));
        const lines = Buffer.from(bytes).toString('latin1').split('\n').length;
        expect(fault?.line ?? 1).toBeLessThanOrEqual(lines);
        expect(count).toBeLessThanOrEqual(lines);
      }),
      { numRuns: 1000 },
    );
  });
});
