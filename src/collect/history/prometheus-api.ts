import type { MetricType } from '../../model/series.ts';
import { VigiaError } from '../../runtime/errors.ts';
import type { Clock } from '../../runtime/clock.ts';
import { fetchPage } from '../fetch-page.ts';
import type { HttpClient } from '../http-client.ts';

/** Samples of one series; times in Unix ms. */
export interface PastSeries {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly times: readonly number[];
  readonly values: readonly number[];
}

export interface DeclaredMetric {
  readonly type: MetricType;
  readonly unit: string | undefined;
}

export interface PrometheusDeps {
  readonly url: string;
  readonly client: HttpClient;
  readonly clock: Clock;
  readonly timeoutMs: number;
  /** Largest answer. */
  readonly bodyBytes: number;
}

/** A stretch of time; `stepMs` null asks for samples as they were scraped. */
export interface PastQuery {
  readonly selector: string;
  readonly from: number;
  readonly to: number;
  readonly stepMs: number | null;
}

interface Matrix {
  readonly metric: Readonly<Record<string, string>>;
  readonly values?: readonly (readonly [number, string])[];
}

const TYPES: ReadonlySet<string> = new Set(['counter', 'gauge', 'histogram', 'summary', 'info', 'stateset']);

const isMatrix = (data: unknown): data is { readonly result: readonly Matrix[] } =>
  typeof data === 'object' &&
  data !== null &&
  (data as { resultType?: unknown }).resultType === 'matrix' &&
  Array.isArray((data as { result?: unknown }).result);

/** Numbers as Prometheus writes them: `NaN`, `+Inf` and `-Inf` among them. */
const numberOf = (text: string): number =>
  text === '+Inf' ? Number.POSITIVE_INFINITY : text === '-Inf' ? Number.NEGATIVE_INFINITY : Number(text);

/** Thrown when an answer is larger than it may be: a shorter stretch may fit. */
export class AnswerTooLarge extends Error {
  override readonly name = 'AnswerTooLarge';
}

/** What Vigía asks of a Prometheus server. Everything rejects with `HISTORY_UNAVAILABLE` when it does not answer as it should. */
export class PrometheusApi {
  readonly #deps: PrometheusDeps;

  constructor(deps: PrometheusDeps) {
    this.#deps = deps;
  }

  /** Types and units as targets have declared them, by metric. */
  async metadata(signal: AbortSignal): Promise<ReadonlyMap<string, DeclaredMetric>> {
    const data = await this.#get('metadata', { limit_per_metric: '1' }, signal);
    const declared = new Map<string, DeclaredMetric>();
    for (const [name, entries] of Object.entries((data ?? {}) as Record<string, unknown>)) {
      const [first] = Array.isArray(entries) ? (entries as { type?: unknown; unit?: unknown }[]) : [];
      const type = typeof first?.type === 'string' && TYPES.has(first.type) ? (first.type as MetricType) : 'unknown';
      const unit = typeof first?.unit === 'string' && first.unit !== '' ? first.unit : undefined;
      declared.set(name, { type, unit });
    }
    return declared;
  }

  async read({ selector, from, to, stepMs }: PastQuery, signal: AbortSignal): Promise<readonly PastSeries[]> {
    const seconds = (ms: number): string => String(ms / 1000);
    const data =
      stepMs === null
        ? await this.#get(
            'query',
            { query: `${selector}[${Math.ceil((to - from) / 1000)}s]`, time: seconds(to) },
            signal,
          )
        : await this.#get(
            'query_range',
            { query: selector, start: seconds(from), end: seconds(to - 1), step: seconds(stepMs) },
            signal,
          );
    if (!isMatrix(data)) throw this.#unavailable('the answer is no matrix');
    return data.result.flatMap(({ metric, values = [] }) => {
      const { __name__: name, ...labels } = metric;
      if (name === undefined) return [];
      const times = values.map(([time]) => Math.round(time * 1000));
      return [{ name, labels, times, values: values.map(([, value]) => numberOf(value)) }];
    });
  }

  #unavailable(detail: string): VigiaError {
    return new VigiaError('HISTORY_UNAVAILABLE', { url: new URL(this.#deps.url).origin, detail });
  }

  async #get(path: string, parameters: Readonly<Record<string, string>>, signal: AbortSignal): Promise<unknown> {
    const { url, client, clock, timeoutMs, bodyBytes } = this.#deps;
    const address = new URL(`${url.replace(/\/+$/, '')}/api/v1/${path}`);
    for (const [name, value] of Object.entries(parameters)) address.searchParams.set(name, value);
    const options = { url: address.href, client, accept: 'application/json', timeoutMs, bodyBytes };
    const page = await fetchPage(options, clock, signal);
    if (!page.ok) {
      // Prometheus refuses with 422 what would take too many samples, and with 400 what would be too many points.
      const tooMuch = page.why === 'too_large' || (page.why === 'status' && [400, 413, 422].includes(page.status));
      if (tooMuch) throw new AnswerTooLarge(page.why);
      throw this.#unavailable(page.why === 'status' ? `status ${page.status}` : page.why);
    }
    try {
      const { status, data } = JSON.parse(page.body.toString('utf8')) as { status?: unknown; data?: unknown };
      if (status === 'success') return data;
    } catch {
      // Said below.
    }
    throw this.#unavailable('the answer is not that of Prometheus');
  }
}
