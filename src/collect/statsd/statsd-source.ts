import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import type { Labels } from '../../model/labels.ts';
import type { SampleBatch } from '../../model/series.ts';
import type { Clock } from '../../runtime/clock.ts';
import { toError, VigiaError } from '../../runtime/errors.ts';
import type { Log } from '../../runtime/log.ts';
import type { Metrics } from '../../runtime/metrics.ts';
import { createRandom } from '../../ml/random.ts';
import type { AssignEntity } from '../entity-rules.ts';
import { toBatches } from '../sample-batches.ts';
import { addSample, createPage, drop, type PageLimits, type SamplePage } from '../sample-page.ts';
import { type SeriesLimits, SeriesRegistry, type Slot } from '../series-registry.ts';
import { createSourceState, type SourceView } from '../source-state.ts';
import { parseStatsd, type StatsdLine, tagLabels } from './statsd-line.ts';
import { createMeter, type Reading, type StatsdMeter } from './statsd-meter.ts';

export interface StatsdOptions {
  readonly host: string;
  /** 0 takes any free one. */
  readonly port: number;
  readonly flushMs: number;
  /** Put on every series, unless a tag has that name. */
  readonly labels: Labels;
}

export interface StatsdDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly assign: AssignEntity;
  readonly limits: PageLimits;
  readonly seriesLimits: SeriesLimits;
  readonly publish: (batches: readonly SampleBatch[]) => Promise<void>;
}

interface Metered {
  readonly name: string;
  readonly labels: Labels;
  /** `milliseconds` for timers. */
  readonly unit: string | undefined;
  readonly meter: StatsdMeter;
  /** Slots of its readings, by their place. */
  readonly slots: (Slot | undefined)[];
  /** Time of its last line, Unix ms. */
  seen: number;
}

const NAME = 'statsd';
/** A metric of which nothing came for so long is forgotten. */
const FORGET_MS = 10 * 60_000;
/** Of the socket, so that a burst outlives a pause of ours. */
const RECEIVE_BYTES = 4 * 2 ** 20;
const SEED = 8125;

/**
 * Receives StatsD over UDP, with the tags of DogStatsD, and makes samples of it once in an interval: counters that grow,
 * gauges, of timers and histograms count, sum and quantiles, of sets their size. All is bounded: metrics by the limit of
 * series, values and members a metric.
 */
export class StatsdSource {
  readonly #options: StatsdOptions;
  readonly #deps: StatsdDeps;
  readonly #registry: SeriesRegistry;
  readonly #state: ReturnType<typeof createSourceState>;
  readonly #metrics = new Map<string, Metered>();
  readonly #random = createRandom(SEED);
  #socket: Socket | null = null;
  #refused = 0;
  #over = 0;

  constructor(options: StatsdOptions, deps: StatsdDeps) {
    const { clock, metrics, assign, seriesLimits } = deps;
    this.#options = options;
    this.#deps = deps;
    this.#registry = new SeriesRegistry({ assign, limits: seriesLimits, labels: options.labels, honorLabels: true });
    const series = (): number => this.#registry.size;
    this.#state = createSourceState({
      clock,
      metrics,
      name: NAME,
      kind: 'push',
      series,
      worst: () => this.#registry.worst,
    });
  }

  /** The port it listens on, after `start`. */
  get port(): number {
    return this.#socket?.address().port ?? 0;
  }

  view(): SourceView {
    return this.#state.view();
  }

  sweep(): void {
    this.#registry.sweep();
  }

  /** Rejects with `LISTEN_FAILED` when the address cannot be listened on. */
  async start(): Promise<void> {
    const { host, port } = this.#options;
    const socket = createSocket({ type: host.includes(':') ? 'udp6' : 'udp4', recvBufferSize: RECEIVE_BYTES });
    socket.on('message', (message) => this.#receive(message.toString('utf8')));
    try {
      socket.bind(port, host);
      await once(socket, 'listening');
    } catch (error) {
      socket.close();
      throw new VigiaError('LISTEN_FAILED', { what: NAME, host, port, detail: toError(error).message }, error);
    }
    socket.on('error', (error) => this.#deps.log.warn({ error: error.message }, 'StatsD over UDP has a fault'));
    this.#socket = socket;
  }

  async stop(): Promise<void> {
    const socket = this.#socket;
    this.#socket = null;
    if (socket === null) return;
    const closed = once(socket, 'close');
    socket.close();
    await closed;
  }

  /** Makes samples of what came since the last time, and hands them on. */
  async flush(): Promise<void> {
    const { clock, limits, publish } = this.#deps;
    const now = clock.now();
    const capacity = this.#metrics.size * 2;
    const page = createPage(limits, { now, number: this.#registry.nextPage(), capacity });
    for (const [key, metered] of this.#metrics) {
      if (now - metered.seen > FORGET_MS) this.#metrics.delete(key);
      else this.#read(page, metered, now);
    }
    this.#tellDrops();
    if (page.count === 0) return;
    await publish(toBatches(page, NAME, now));
    this.#state.took(page);
  }

  #tellDrops(): void {
    if (this.#refused > 0) this.#state.dropped('malformed', this.#refused);
    if (this.#over > 0) this.#state.dropped('series_limit', this.#over);
    this.#refused = 0;
    this.#over = 0;
  }

  #read(page: SamplePage, metered: Metered, time: number): void {
    for (const [place, reading] of metered.meter.flush().entries()) {
      const slot = this.#slot(metered, place, reading);
      if (typeof slot === 'string') drop(page, slot);
      else addSample(page, slot, { time, value: reading.value });
    }
  }

  #slot(metered: Metered, place: number, { suffix, quantile, type }: Reading): ReturnType<SeriesRegistry['slot']> {
    const known = metered.slots[place];
    if (known !== undefined && this.#registry.holds(known)) return known;
    const labels = quantile === undefined ? metered.labels : { ...metered.labels, quantile };
    const unit = suffix === '_count' ? '' : metered.unit;
    const slot = this.#registry.slot({ name: `${metered.name}${suffix}`, labels }, type, unit);
    if (typeof slot === 'object') metered.slots[place] = slot;
    return slot;
  }

  #receive(packet: string): void {
    for (const line of packet.split('\n')) {
      if (line === '' || line === '\r') continue;
      const parsed = line.length > this.#deps.limits.lineBytes ? null : parseStatsd(line.trimEnd());
      if (parsed === null) this.#refused += 1;
      else this.#take(parsed);
    }
  }

  #take(line: StatsdLine): void {
    const metered = this.#find(line);
    if (metered === null) {
      this.#over += 1;
      return;
    }
    metered.seen = this.#deps.clock.now();
    if (!metered.meter.add(line)) this.#refused += 1;
  }

  /** Null when there are as many metrics as may be. */
  #find({ name, type, tags }: StatsdLine): Metered | null {
    const key = `${type}|${name}|${tags}`;
    const known = this.#metrics.get(key);
    if (known !== undefined) return known;
    if (this.#metrics.size >= this.#registry.limit) return null;
    const metered: Metered = {
      name,
      labels: tagLabels(tags),
      unit: type === 'ms' ? 'milliseconds' : undefined,
      meter: createMeter(type, () => this.#random.next()),
      slots: [],
      seen: 0,
    };
    this.#metrics.set(key, metered);
    return metered;
  }
}
