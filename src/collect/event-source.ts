import type { Event } from '../model/event.ts';
import type { Labels } from '../model/labels.ts';
import type { Phrase } from '../model/phrase.ts';
import { phrase } from '../model/phrase.ts';
import type { ToldEvent } from '../model/told-event.ts';
import type { Clock } from '../runtime/clock.ts';
import { toError, VigiaError } from '../runtime/errors.ts';
import type { Log } from '../runtime/log.ts';
import type { Metrics } from '../runtime/metrics.ts';
import { placedEvent } from '../runtime/placed-event.ts';
import type { Assignment } from './entity-rules.ts';
import { createSourceState, type SourceState, type SourceView } from './source-state.ts';
import { whileMine } from './while-mine.ts';

/** What a source tells to. */
export interface Teller {
  readonly clock: Clock;
  readonly log: Log;
  /** Resolves when the events are committed; what came before changes nothing. */
  tell(events: readonly ToldEvent[]): Promise<void>;
  /** Where the events come from does not answer; shown with the sources until it does. */
  failed(why: Phrase): void;
  /** It answers, whether or not it has anything to tell. */
  well(): void;
}

/** Something that tells what happens. A new one is one file with a function that makes it; see CONTRIBUTING.md. */
export interface EventSource {
  /** Unique; shown with the sources. */
  readonly name: string;
  /** Where several processes collect, the one that this text falls to runs it; each runs its own when left out. */
  readonly shared?: string;
  /** Tells until aborted. What it throws is shown, and it is run again after a while. */
  run(teller: Teller, signal: AbortSignal): Promise<void>;
}

export interface EventSourceDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly entityOf: (labels: Labels) => Assignment;
  readonly publish: (events: readonly Event[]) => Promise<void>;
  /** Whether a shared source is this process's. */
  readonly mine: (shared: string) => boolean;
}

/** Events at once, and how many more each second: what a large cluster tells in trouble fits, a loop does not. */
const BURST = 5_000;
const PER_SECOND = 50;
const FIRST_PAUSE_MS = 1_000;
const LAST_PAUSE_MS = 60_000;
/** As events are limited when they are sent to the interface. */
const MAX_TEXT = 4_000;
const MAX_NAME = 200;
const MAX_VALUE = 1_000;

/** Runs one source and keeps count of it. */
export class RunningEvents {
  readonly #source: EventSource;
  readonly #deps: EventSourceDeps;
  readonly #state: SourceState;
  #told = 0;
  #room = BURST;
  #since: number;

  constructor(source: EventSource, deps: EventSourceDeps) {
    this.#source = source;
    this.#deps = deps;
    this.#since = deps.clock.monotonic();
    const { clock, metrics } = deps;
    this.#state = createSourceState({ clock, metrics, name: source.name, kind: 'events', series: () => 0 });
  }

  get mine(): boolean {
    const { shared } = this.#source;
    return shared === undefined || this.#deps.mine(shared);
  }

  view(): SourceView {
    return this.#state.view();
  }

  /** Until aborted; never rejects. */
  run(signal: AbortSignal): Promise<void> {
    const { clock } = this.#deps;
    return whileMine(
      () => this.mine,
      (own) => this.#again(own),
      { clock, signal },
    );
  }

  async #again(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#deps;
    for (let pause = FIRST_PAUSE_MS; !signal.aborted; pause = Math.min(LAST_PAUSE_MS, pause * 2)) {
      const before = this.#told;
      try {
        await this.#source.run(this.#teller(), signal);
      } catch (thrown) {
        if (signal.aborted) return;
        this.#state.failed(phraseOf(thrown));
        log.warn(
          { source: this.#source.name, err: toError(thrown).message },
          'a source of events ended; it is run again',
        );
      }
      if (this.#told > before) pause = FIRST_PAUSE_MS;
      await clock.sleep(pause, signal).catch(() => undefined);
    }
  }

  #teller(): Teller {
    const { clock, log } = this.#deps;
    return {
      clock,
      log,
      tell: (events) => this.#tell(events),
      failed: (why) => this.#state.failed(why),
      well: () => this.#state.heard(0),
    };
  }

  async #tell(told: readonly ToldEvent[]): Promise<void> {
    const { entityOf, publish, clock } = this.#deps;
    const taken = told.slice(0, this.#gate(told.length));
    if (taken.length < told.length) this.#state.dropped('flood', told.length - taken.length);
    const now = clock.now();
    const events = taken.map((event) => {
      const bounded = boundedEvent(event, now);
      return placedEvent(bounded, entityOf(bounded.labels));
    });
    if (events.length > 0) await publish(events);
    this.#told += events.length;
    this.#state.heard(events.length);
  }

  /** How many of so many may come in now. */
  #gate(count: number): number {
    const now = this.#deps.clock.monotonic();
    this.#room = Math.min(BURST, this.#room + ((now - this.#since) / 1000) * PER_SECOND);
    this.#since = now;
    const taken = Math.min(count, Math.floor(this.#room));
    this.#room -= taken;
    return taken;
  }
}

/** All of them, as the stage runs them. */
export class EventSources {
  readonly #running: readonly RunningEvents[];

  constructor(
    sources: readonly EventSource[] = [],
    { mine = () => true, ...deps }: Omit<EventSourceDeps, 'mine'> & Partial<Pick<EventSourceDeps, 'mine'>>,
  ) {
    this.#running = sources.map((source) => new RunningEvents(source, { ...deps, mine }));
  }

  views(): readonly SourceView[] {
    return this.#running.flatMap((source) => (source.mine ? source.view() : []));
  }

  async run(signal: AbortSignal): Promise<void> {
    await Promise.all(this.#running.map((source) => source.run(signal)));
  }
}

/** Within the bounds of an event, and not in the future: clocks of machines differ. */
function boundedEvent(event: ToldEvent, now: number): ToldEvent {
  const labels = Object.entries(event.labels).map(([name, value]) => [name, value.slice(0, MAX_VALUE)] as const);
  const time = Math.floor(Math.min(event.time, now));
  const text = event.text.slice(0, MAX_TEXT);
  return { ...event, time, text, name: event.name.slice(0, MAX_NAME), labels: Object.fromEntries(labels) };
}

/** What a source that failed says, in the reader's language where we know the words. */
export const phraseOf = (thrown: unknown): Phrase =>
  thrown instanceof VigiaError
    ? phrase(`errors.${thrown.code}`, thrown.values)
    : phrase('errors.INTERNAL', { detail: toError(thrown).message });
