import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalKey } from '../model/labels.ts';
import { createEntityRules, DEFAULT_ENTITY_RULES } from './entity-rules.ts';
import { ExpositionParser } from './exposition.ts';
import type { PageLimits } from './sample-page.ts';
import { DEFAULT_SERIES_LIMITS, type SeriesLimits, SeriesRegistry } from './series-registry.ts';

const NOW = 1_760_000_000_000;
const limits: PageLimits = { lineBytes: 65_536, aheadMs: 600_000, behindMs: 3_600_000 };

function createParser(series: Partial<SeriesLimits> = {}, page: Partial<PageLimits> = {}) {
  const registry = new SeriesRegistry({
    assign: createEntityRules(DEFAULT_ENTITY_RULES, 'service/push'),
    limits: { ...DEFAULT_SERIES_LIMITS, ...series },
  });
  const parser = new ExpositionParser(registry, { ...limits, ...page });
  const parse = async (body: string | Buffer, options: { openMetrics?: boolean; now?: number } = {}) => {
    const bytes = typeof body === 'string' ? Buffer.from(body) : body;
    const result = await parser.parse(bytes, options.openMetrics ?? false, options.now ?? NOW);
    const samples = Array.from({ length: result.count }, (_, i) => ({
      key: result.slots[i]!.series.key,
      time: result.times[i]!,
      value: result.values[i]!,
    }));
    return { samples, drops: Object.fromEntries(result.drops), fault: result.fault, slots: result.slots };
  };
  return { parse, parser, registry };
}

const values = async (body: string) => (await createParser().parse(body)).samples.map(({ value }) => value);

describe('Prometheus text', () => {
  it('reads the example of the format description', async () => {
    const { parse } = createParser();
    const { samples, fault, slots } = await parse(`# HELP http_requests_total The total number of HTTP requests.
# TYPE http_requests_total counter
http_requests_total{method="post",code="200"} 1027 ${NOW}
http_requests_total{method="post",code="400"}    3 ${NOW - 5}

# Escaping in label values:
msdos_file_access_time_seconds{path="C:\\\\DIR\\\\FILE.TXT",error="Cannot find file:\\n\\"FILE.TXT\\""} 1.458255915e9

# Minimalistic line:
metric_without_timestamp_and_labels 12.47

# A weird metric from before the epoch:
something_weird{problem="division by zero"} +Inf -3982045

# TYPE http_request_duration_seconds histogram
http_request_duration_seconds_bucket{le="0.05"} 24054
http_request_duration_seconds_bucket{le="+Inf"} 144320
http_request_duration_seconds_sum 53423
http_request_duration_seconds_count 144320
# TYPE rpc_duration_seconds summary
rpc_duration_seconds{quantile="0.01"} 3102
rpc_duration_seconds_sum 1.7560473e+07
rpc_duration_seconds_count 2693
`);
    expect(fault).toBeUndefined();
    expect(samples.slice(0, 4)).toEqual([
      { key: 'http_requests_total{code="200",method="post"}', time: NOW, value: 1027 },
      { key: 'http_requests_total{code="400",method="post"}', time: NOW - 5, value: 3 },
      {
        key: 'msdos_file_access_time_seconds{error="Cannot find file:\\n\\"FILE.TXT\\"",path="C:\\\\DIR\\\\FILE.TXT"}',
        time: NOW,
        value: 1_458_255_915,
      },
      { key: 'metric_without_timestamp_and_labels', time: NOW, value: 12.47 },
    ]);
    expect(slots[2]!.series.labels).toEqual({
      path: 'C:\\DIR\\FILE.TXT',
      error: 'Cannot find file:\n"FILE.TXT"',
    });
    expect(samples.slice(-7).map(({ value }) => value)).toEqual([24054, 144320, 53423, 144320, 3102, 17560473, 2693]);
    expect(slots.slice(0, 11).map(({ series }) => series.type)).toEqual([
      'counter', 'counter', 'unknown', 'unknown', 'histogram', 'histogram', 'histogram', 'histogram', 'summary',
      'summary', 'summary',
    ]); // prettier-ignore
    expect(slots[4]!.series.unit).toBe('seconds');
  });

  it('reads every spelling of a number', async () => {
    expect(
      await values(
        'a 1\nb -0.5\nc +3\nd 1e3\ne 1E-3\nf NaN\ng nan\nh +Inf\ni -Inf\nj Infinity\nk .5\nl 5.\nm 1234567890123456789012\n',
      ),
    ).toEqual([1, -0.5, 3, 1000, 0.001, NaN, NaN, Infinity, -Infinity, Infinity, 0.5, 5, 1.2345678901234568e21]);
  });

  it.each(['0x10', '1_000', '1,5', '--1', '1e', 'one', '', '.', '+', '1 2 3', '1 1.5', '1 NaN', '1 x'])(
    'refuses the value %j',
    async (text) => {
      const { fault } = await createParser().parse(`ok 1\na ${text}\n`);
      expect(fault).toMatchObject({ line: 2 });
    },
  );

  it.each([
    ['1abc 1', 'name'],
    ['a{b="c" 1', 'label_separator'],
    ['a{b="c"', 'label_unclosed'],
    ['a constructor', 'value'],
    ['# TYPE a constructor', 'metadata'],
    ['a{b="c} 1', 'label_unclosed'],
    ['a{b=c} 1', 'label_quote'],
    ['a{b} 1', 'label_equals'],
    ['a{1="c"} 1', 'label_name'],
    ['a{b="c";d="e"} 1', 'label_separator'],
    ['a{b="c",b="d"} 1', 'label_repeated'],
    ['a{__name__="c"} 1', 'label_repeated'],
    ['{a="b"} 1', 'name'],
    ['a', 'value'],
    ['# TYPE a blah', 'metadata'],
    ['# TYPE a', 'metadata'],
    ['this is not a sample', 'value'],
  ])('refuses %s: %s', async (line, fault) => {
    expect((await createParser().parse(`fine 1\n# HELP x y\n${line}\nfine 2\n`)).fault).toEqual({ line: 3, fault });
  });

  it('bears blanks, tabs, CRLF, trailing commas and a missing last line feed', async () => {
    const { samples, fault } = await createParser().parse(
      '\r\n  # TYPE a gauge\r\n\ta { b = "c" , } \t 1\r\n\r\nd{}2 \r\n  e\t3',
    );
    expect(fault).toBeUndefined();
    expect(samples.map(({ key, value }) => [key, value])).toEqual([
      ['a{b="c"}', 1],
      ['d', 2],
      ['e', 3],
    ]);
  });

  it('reads the quoted names of Prometheus 3', async () => {
    const { samples } = await createParser().parse('{"http.requests","http.code"="200",host="ñandú"} 7\n');
    expect(samples[0]).toMatchObject({ key: 'http.requests{host="ñandú",http.code="200"}', value: 7 });
  });

  it('gives the same series object for another spelling, and calls it a duplicate', async () => {
    const { samples, drops } = await createParser().parse(
      'a{b="1",c="2"} 1\na{c="2", b="1"} 5\na{c="2", b="1",d=""} 6\n',
    );
    expect(samples).toHaveLength(1);
    expect(drops).toEqual({ duplicate: 2 });
  });
});

describe('OpenMetrics', () => {
  it('reads seconds, exemplars, units, created times and the end', async () => {
    const { parse } = createParser();
    const seconds = NOW / 1000;
    const { samples, fault, slots } = await parse(
      `# TYPE foo_seconds counter
# UNIT foo_seconds seconds
# HELP foo_seconds Some text and \\n some \\" escaping
foo_seconds_total{a="b"} 17.0 ${seconds}.25
foo_seconds_created{a="b"} 1520430000.123
# TYPE bar histogram
bar_bucket{le="0.1"} 8 # {} 0.054
bar_bucket{le="1"} 11 ${seconds} # {trace_id="KOO5S4vxi0o"} 0.67 1520879607.789
bar_bucket{le="+Inf"} 17 # {trace_id="oHg5SJYRHA0"} 9.8
# TYPE state stateset
state{state="on"} 1
# TYPE build info
build_info{version="1"} 1
# EOF
`,
      { openMetrics: true },
    );
    expect(fault).toBeUndefined();
    expect(samples[0]).toEqual({ key: 'foo_seconds_total{a="b"}', time: NOW + 250, value: 17 });
    expect(samples.map(({ value }) => value)).toEqual([17, 1520430000.123, 8, 11, 17, 1, 1]);
    expect(slots.slice(0, 7).map(({ series }) => series.type)).toEqual([
      'counter', 'gauge', 'histogram', 'histogram', 'histogram', 'stateset', 'info',
    ]); // prettier-ignore
    expect(slots[0]!.series.unit).toBe('seconds');
  });

  it('refuses a page without its end, and anything after it', async () => {
    const { parse } = createParser();
    expect((await parse('a 1\n', { openMetrics: true })).fault).toEqual({ line: 2, fault: 'no_eof' });
    expect((await parse('a 1\n# EOF\nb 1\n', { openMetrics: true })).fault).toEqual({ line: 3, fault: 'after_eof' });
    expect((await parse('a 1\n# EOF\n', { openMetrics: true })).fault).toBeUndefined();
    expect((await parse('a 1\n# EOF\nb 1\n')).fault).toBeUndefined();
  });
});

describe('page after page', () => {
  it('hands on the same series objects, also when lines move, come and go', async () => {
    const { parse, registry } = createParser();
    const first = await parse('# TYPE a gauge\na{x="1"} 1\na{x="2"} 2\nb 3\n');
    const second = await parse('# TYPE a gauge\nb 4\na{x="2"} 5\nc 6\na{x="1"} 7\n');
    expect(second.samples.map(({ key, value }) => [key, value])).toEqual([
      ['b', 4],
      ['a{x="2"}', 5],
      ['c', 6],
      ['a{x="1"}', 7],
    ]);
    expect(second.slots[3]).toBe(first.slots[0]);
    expect(registry.size).toBe(4);
  });

  it('is not misled by a name that begins like the one before', async () => {
    const { parse } = createParser();
    await parse('foo 1\nbar{a="b"} 2\n');
    const { samples, fault } = await parse('foo_more 1\nbar{a="b"}2\nfoo{a="b"} 3\nfoo {a="c"} 4\n');
    expect(fault).toBeUndefined();
    expect(samples.map(({ key, value }) => [key, value])).toEqual([
      ['foo_more', 1],
      ['bar{a="b"}', 2],
      ['foo{a="b"}', 3],
      ['foo{a="c"}', 4],
    ]);
  });

  it('learns a type that is declared later', async () => {
    const { parse } = createParser();
    expect((await parse('requests 1\n')).slots[0]!.series.type).toBe('unknown');
    expect((await parse('# TYPE requests counter\nrequests 2\n')).slots[0]!.series.type).toBe('counter');
    expect((await parse('requests 3\n')).slots[0]!.series.type).toBe('counter');
  });

  it('counts a sample once that stands before and after its type, whatever was known before', async () => {
    const { parse } = createParser();
    const page = 'a{x="1"} 1\n# TYPE a gauge\na{x="1"} 1\n';
    for (let time = 0; time < 2; time += 1) {
      const { samples, drops } = await parse(page);
      expect([samples.length, drops]).toEqual([1, { duplicate: 1 }]);
    }
  });

  it('forgets series that are gone for two sweeps', async () => {
    const { parse, parser, registry } = createParser({ series: 2 });
    await parse('a 1\nb 1\n');
    expect((await parse('c 1\n')).drops).toEqual({ series_limit: 1 });
    for (let i = 0; i < 3; i += 1) {
      registry.sweep();
      parser.sweep();
      expect((await parse('a 2\n')).samples).toHaveLength(1);
    }
    expect(registry.size).toBe(1);
    expect((await parse('a 3\nc 1\n')).samples).toHaveLength(2);
  });

  it('reads what it wrote: any series, any value, any order, many pages', async () => {
    const labelName = fc.stringMatching(/^[a-z_][a-z0-9_]{0,8}$/).filter((name) => !name.startsWith('__'));
    const labelValue = fc.oneof(
      fc.string({ minLength: 1, maxLength: 12, unit: 'binary' }),
      fc.constantFrom('\\', '"', '\n', 'a\\nb', '{}', '} 1', ',', '=', '#', 'ñ', '🙂', ' '),
    );
    const series = fc.record({
      name: fc.stringMatching(/^[a-zA-Z_:][a-zA-Z0-9_:]{0,10}$/),
      labels: fc.dictionary(labelName, labelValue, { maxKeys: 4, noNullPrototype: true }),
    });
    const escape = (text: string) => text.replace(/[\\"\n]/g, (c) => (c === '\n' ? '\\n' : `\\${c}`));
    const spell = ({ name, labels }: { name: string; labels: Record<string, string> }) => {
      const inside = Object.entries(labels).map(([label, value]) => `${label}="${escape(value)}"`);
      return inside.length === 0 ? name : `${name}{${inside.join(',')}}`;
    };
    const time = fc.integer({ min: NOW - 3_600_000, max: NOW + 600_000 });
    const line = fc.tuple(series, fc.double(), fc.option(time, { nil: undefined }));
    const identity = ({ name, labels }: { name: string; labels: Record<string, string> }) => canonicalKey(name, labels);
    const page = fc.uniqueArray(line, { maxLength: 30, selector: ([series]) => identity(series) });
    const spellNumber = (value: number) => String(value).replace('Infinity', 'Inf');
    await fc.assert(
      fc.asyncProperty(fc.array(page, { minLength: 1, maxLength: 4 }), fc.boolean(), async (pages, crlf) => {
        const { parse } = createParser();
        for (const lines of pages) {
          const body = lines.map(
            ([series, value, at]) => `${spell(series)} ${spellNumber(value)}${at === undefined ? '' : ` ${at}`}`,
          );
          const { fault, drops, samples, slots } = await parse(
            body.map((text) => text + (crlf ? '\r\n' : '\n')).join(''),
          );
          expect(fault).toBeUndefined();
          expect(drops).toEqual({});
          expect(slots.slice(0, samples.length).map(({ series: { name, labels } }) => ({ name, labels }))).toEqual(
            lines.map(([series]) => series),
          );
          // Adding 0 makes -0 equal to 0.
          expect(samples.map(({ value, time }) => [value + 0, time])).toEqual(
            lines.map(([, value, at]) => [value + 0, at ?? NOW]),
          );
        }
      }),
      { numRuns: 150 },
    );
  });

  it('reads the same from a warm cache as from a cold one, whatever the bytes', async () => {
    const piece = fc.constantFrom(
      'a',
      'b{',
      'x="1"',
      '}',
      ' ',
      '\n',
      '1',
      '2.5',
      ' 1\n',
      '# TYPE a gauge\n',
      '#',
      ',',
      '"',
      '\\',
      'é',
      '\r\n',
      'NaN',
      '-',
      'a{x="1"} 1\n',
      'ab 2\n',
    );
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 40 }), fc.array(piece, { maxLength: 40 }), async (before, body) => {
        const warm = createParser();
        await warm.parse(before.join(''));
        await warm.parse(body.join(''));
        const again = await warm.parse(body.join(''));
        const cold = await createParser().parse(body.join(''));
        expect(again.samples).toEqual(cold.samples);
        expect(again.fault).toEqual(cold.fault);
        expect(again.drops).toEqual(cold.drops);
      }),
      { numRuns: 400 },
    );
  });
});
