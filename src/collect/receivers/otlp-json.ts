import { setImmediate as turn } from 'node:timers/promises';
import { toError, VigiaError } from '../../runtime/errors.ts';
import { msOfNanos } from '../nanoseconds.ts';
import type { SamplePage } from '../sample-page.ts';
import type { MetricHead } from './otlp-names.ts';
import type { OtlpSeries, Point, PointExemplar } from './otlp-series.ts';
import { pairsOfJson, plainText } from './otlp-values.ts';
import { readingWire } from '../../runtime/wire.ts';

/** Metrics read in one go before other work gets its turn. */
const METRICS_A_TURN = 500;
const NO_VALUE = 1;
/** Exemplars of one point that are looked at. */
const MAX_EXEMPLARS = 16;

type Tree = Readonly<Record<string, unknown>>;

const treeOf = (value: unknown): Tree => (typeof value === 'object' && value !== null ? (value as Tree) : {});
export const treesOf = (value: unknown): readonly Tree[] => (Array.isArray(value) ? value.map(treeOf) : []);
const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');
/** 64-bit numbers stand as text in JSON. */
const numberOf = (value: unknown): number =>
  typeof value === 'number' ? value : typeof value === 'string' && value !== '' ? Number(value) : Number.NaN;
const numbersOf = (value: unknown): readonly number[] => (Array.isArray(value) ? value.map(numberOf) : []);
const orZero = (value: unknown): number => (value === undefined ? 0 : numberOf(value));
/** Nanoseconds since 1970 as text or number; 0 when not told. */
export const nanosOf = orZero;
const msOf = (nanos: unknown): number => msOfNanos(nanosOf(nanos));

const KINDS: readonly (readonly [string, MetricHead['kind']])[] = [
  ['gauge', 'gauge'],
  ['sum', 'sum'],
  ['histogram', 'histogram'],
  ['exponentialHistogram', 'exponential'],
  ['summary', 'summary'],
];

const isDelta = (value: unknown): boolean => value === 1 || value === 'AGGREGATION_TEMPORALITY_DELTA';

/** The body as JSON with an object at its root; throws `BODY_INVALID`. */
export function parseJsonBody(body: Uint8Array): Tree {
  try {
    const parsed: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
    if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) throw new TypeError('no object');
    return parsed as Tree;
  } catch (thrown) {
    throw new VigiaError('BODY_INVALID', { detail: `JSON: ${toError(thrown).message}` }, thrown);
  }
}

/** Reads OTLP's metrics as JSON into the same series as the binary form. */
export const readOtlpJson = (series: OtlpSeries, body: Uint8Array, now: number): Promise<SamplePage> =>
  readingWire(() => readTrees(series, body, now));

async function readTrees(series: OtlpSeries, body: Uint8Array, now: number): Promise<SamplePage> {
  const page = series.begin(now, Math.ceil(body.length / 128));
  let read = 0;
  for (const resource of treesOf(parseJsonBody(body)['resourceMetrics'])) {
    series.resource(pairsOfJson(treeOf(resource['resource'])['attributes']));
    for (const metric of treesOf(resource['scopeMetrics']).flatMap((scope) => treesOf(scope['metrics']))) {
      for (const [field, kind] of KINDS)
        if (metric[field] !== undefined) readMetric(series, page, { metric, field, kind });
      read += 1;
      if (read % METRICS_A_TURN === 0) await turn();
    }
  }
  return page;
}

function readMetric(
  series: OtlpSeries,
  page: SamplePage,
  { metric, field, kind }: { readonly metric: Tree; readonly field: string; readonly kind: MetricHead['kind'] },
): void {
  const data = treeOf(metric[field]);
  const head: MetricHead = {
    name: textOf(metric['name']),
    unit: textOf(metric['unit']),
    kind,
    monotonic: data['isMonotonic'] === true,
    delta: isDelta(data['aggregationTemporality']),
  };
  for (const point of treesOf(data['dataPoints'])) {
    if ((orZero(point['flags']) & NO_VALUE) === 0) readPoint(series, page, { head, point });
  }
}

function readPoint(
  series: OtlpSeries,
  page: SamplePage,
  { head, point }: { readonly head: MetricHead; readonly point: Tree },
): void {
  const { attributes } = point;
  const base: Point = {
    key: JSON.stringify(attributes ?? null),
    attributes: () => pairsOfJson(attributes),
    time: msOf(point['timeUnixNano']),
    exemplars: treesOf(point['exemplars']).slice(0, MAX_EXEMPLARS).map(exemplarOf),
  };
  const count = orZero(point['count']);
  const sum = point['sum'] === undefined ? null : numberOf(point['sum']);
  switch (head.kind) {
    case 'gauge':
    case 'sum':
      series.number(page, head, { ...base, value: numberOf(point['asDouble'] ?? point['asInt']) });
      break;
    case 'histogram': {
      const of = { count, sum, bounds: numbersOf(point['explicitBounds']), counts: numbersOf(point['bucketCounts']) };
      series.histogram(page, head, { ...base, of });
      break;
    }
    case 'exponential':
      series.exponential(page, head, { ...base, of: { count, sum, ...exponential(point) } });
      break;
    case 'summary': {
      const quantiles = treesOf(point['quantileValues']).map((item) => ({
        quantile: orZero(item['quantile']),
        value: orZero(item['value']),
      }));
      series.summary(page, head, { ...base, of: { count, sum: sum ?? 0, quantiles } });
    }
  }
}

function exemplarOf(found: Tree): PointExemplar {
  const attributes = pairsOfJson(found['filteredAttributes']).map(([name, value]) => [name, plainText(value)]);
  const ids = { trace_id: textOf(found['traceId']), span_id: textOf(found['spanId']) };
  const labels = { ...(Object.fromEntries(attributes) as Record<string, string>), ...ids };
  return { labels, value: numberOf(found['asDouble'] ?? found['asInt']), time: msOf(found['timeUnixNano']) };
}

function exponential(point: Tree) {
  const positive = treeOf(point['positive']);
  const negative = numbersOf(treeOf(point['negative'])['bucketCounts']);
  return {
    below: negative.reduce((sum, value) => sum + value, orZero(point['zeroCount'])),
    buckets: {
      schema: orZero(point['scale']),
      offset: orZero(positive['offset']),
      counts: numbersOf(positive['bucketCounts']),
    },
  };
}
