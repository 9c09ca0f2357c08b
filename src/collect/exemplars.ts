import type { Exemplar } from '../model/exemplar.ts';
import type { Labels } from '../model/labels.ts';
import type { Series } from '../model/series.ts';
import { stableId } from '../runtime/ids.ts';
import { maskPrivate } from './logs/mask-private.ts';
import type { FoundExemplar, SamplePage } from './sample-page.ts';

/** The last ones of a series within each stretch of time are kept. */
const LAST = 3;
const STRETCH_MS = 5 * 60_000;
/** Exemplars that wait to be told of; what is more is left out. */
const MAX_WAITING = 5000;
const MAX_ATTRIBUTES = 8;
const MAX_VALUE = 128;

/** How clients of Prometheus and OpenTelemetry spell them. */
const TRACE = /^trace_?id$/i;
const SPAN = /^span_?id$/i;
/** W3C: 16 and 8 bytes in hexadecimals; other tracers have their own. */
const ID = /^[\w-]{8,64}$/;
const isId = (value: string): boolean => ID.test(value) && maskPrivate(value) === value;
const ENDING = /_(?:bucket|count|sum|total)$/;

interface Seen {
  stretch: number;
  count: number;
  /** The newest one, as a page shows it again until there is another. */
  last: string;
}

/** The newest exemplars of every series, on their way to the store: as evidence, not as data. */
export class KnownExemplars {
  readonly #seen = new WeakMap<Series, Seen>();
  /** By id, the oldest first. */
  readonly #waiting = new Map<string, Exemplar>();

  see({ exemplars }: SamplePage): void {
    for (const found of exemplars) this.#take(found);
  }

  /** Exemplars to tell of, at most `limit`; `told` is to be called when they have been. */
  due(limit: number): { readonly exemplars: readonly Exemplar[]; readonly told: () => void } {
    const due = [...this.#waiting].slice(0, limit);
    return {
      exemplars: due.map(([, exemplar]) => exemplar),
      told: () => {
        for (const [id, exemplar] of due) if (this.#waiting.get(id) === exemplar) this.#waiting.delete(id);
      },
    };
  }

  #take({ slot, labels, value, time }: FoundExemplar): void {
    const { series } = slot;
    const { trace, span, attributes } = parted(labels);
    // It says no more than the sample.
    if (trace === null && Object.keys(attributes).length === 0) return;
    const stretch = Math.floor(time / STRETCH_MS);
    const said = `${trace} ${span} ${time} ${value}`;
    let seen = this.#seen.get(series);
    if (seen === undefined) this.#seen.set(series, (seen = { stretch, count: 0, last: '' }));
    if (seen.last === said) return;
    if (seen.stretch !== stretch) [seen.stretch, seen.count] = [stretch, 0];
    const id = stableId('exemplar', series.key, stretch, seen.count % LAST);
    if (this.#waiting.size >= MAX_WAITING && !this.#waiting.has(id)) return;
    seen.last = said;
    seen.count += 1;
    const { le: _, ...told } = series.labels;
    const metric = series.name.replace(ENDING, '');
    this.#waiting.set(id, { id, entity: series.entity, metric, labels: told, time, value, trace, span, attributes });
  }
}

/** The ids stay as they are; what else there is may be private. */
function parted(labels: Labels): Pick<Exemplar, 'trace' | 'span' | 'attributes'> {
  const found: { trace: string | null; span: string | null } = { trace: null, span: null };
  const rest: [string, string][] = [];
  for (const [name, value] of Object.entries(labels)) {
    if (TRACE.test(name) && isId(value)) found.trace = value;
    else if (SPAN.test(name) && isId(value)) found.span = value;
    else if (rest.length < MAX_ATTRIBUTES) rest.push([name, masked(name, value)]);
  }
  return { ...found, attributes: Object.fromEntries(rest) };
}

/** By its name as well, which may say that the value is secret. */
function masked(name: string, value: string): string {
  const cut = value.slice(0, MAX_VALUE);
  const before = `${name}=`;
  const said = maskPrivate(`${before}${cut}`);
  return said.startsWith(before) ? said.slice(before.length) : maskPrivate(cut);
}
