import type { StatsdLine, StatsdType } from './statsd-line.ts';

/** What one metric has come to; `flush` gives what it shows now and begins the next interval. */
export interface StatsdMeter {
  /** False when a value is not one. */
  add(line: StatsdLine): boolean;
  flush(): readonly Reading[];
}

/** One value to be shown: of the metric itself, or of a series beside it. */
export interface Reading {
  readonly suffix: '' | '_count' | '_sum';
  readonly quantile?: string;
  readonly type: 'counter' | 'gauge' | 'summary';
  readonly value: number;
}

/** Values of a timer in one interval that quantiles are taken of; of more, an even share. */
const MAX_VALUES = 1_000;
/** Members of a set in one interval. */
const MAX_MEMBERS = 10_000;
const QUANTILES = [0.5, 0.9, 0.99] as const;

const numberOf = (written: string): number => {
  const value = written.trim() === '' ? Number.NaN : Number(written);
  return Number.isFinite(value) ? value : Number.NaN;
};

/** A count that only grows, each value as often as it stands for. */
class Counter implements StatsdMeter {
  #total = 0;

  add({ values, rate }: StatsdLine): boolean {
    const sum = values.reduce((all, value) => all + numberOf(value), 0);
    if (Number.isNaN(sum)) return false;
    this.#total += sum / rate;
    return true;
  }

  flush(): readonly Reading[] {
    return [{ suffix: '', type: 'counter', value: this.#total }];
  }
}

/** The last value; one with a sign adds to it. */
class Gauge implements StatsdMeter {
  #value = 0;

  add({ values }: StatsdLine): boolean {
    const before = this.#value;
    for (const written of values) {
      const value = numberOf(written);
      if (Number.isNaN(value)) {
        this.#value = before;
        return false;
      }
      this.#value = /^[+-]/.test(written) ? this.#value + value : value;
    }
    return true;
  }

  flush(): readonly Reading[] {
    return [{ suffix: '', type: 'gauge', value: this.#value }];
  }
}

/** Timers, histograms and distributions: count and sum that grow, and quantiles of the interval. */
class Timer implements StatsdMeter {
  #values: number[] = [];
  #seen = 0;
  #count = 0;
  #sum = 0;
  readonly #random: () => number;

  constructor(random: () => number) {
    this.#random = random;
  }

  add({ values, rate }: StatsdLine): boolean {
    const numbers = values.map(numberOf);
    if (numbers.some(Number.isNaN)) return false;
    for (const value of numbers) {
      this.#count += 1 / rate;
      this.#sum += value / rate;
      this.#keep(value);
    }
    return true;
  }

  /** Reservoir sampling: every value of the interval has the same chance to stay. */
  #keep(value: number): void {
    this.#seen += 1;
    const place = this.#seen <= MAX_VALUES ? this.#values.length : Math.floor(this.#random() * this.#seen);
    if (place < MAX_VALUES) this.#values[place] = value;
  }

  flush(): readonly Reading[] {
    const sorted = Float64Array.from(this.#values).sort();
    this.#values = [];
    this.#seen = 0;
    const total: readonly Reading[] = [
      { suffix: '_count', type: 'counter', value: this.#count },
      { suffix: '_sum', type: 'counter', value: this.#sum },
    ];
    // Without values there is nothing that a quantile could be of.
    if (sorted.length === 0) return total;
    const quantiles = QUANTILES.map((quantile): Reading => {
      const value = sorted[Math.ceil(quantile * sorted.length) - 1]!;
      return { suffix: '', quantile: String(quantile), type: 'summary', value };
    });
    return [...total, ...quantiles];
  }
}

/** How many different members came in the interval. */
class Members implements StatsdMeter {
  readonly #members = new Set<string>();

  add({ values }: StatsdLine): boolean {
    for (const value of values) if (this.#members.size < MAX_MEMBERS) this.#members.add(value);
    return true;
  }

  flush(): readonly Reading[] {
    const { size } = this.#members;
    this.#members.clear();
    return [{ suffix: '', type: 'gauge', value: size }];
  }
}

export function createMeter(type: StatsdType, random: () => number): StatsdMeter {
  if (type === 'c') return new Counter();
  if (type === 'g') return new Gauge();
  return type === 's' ? new Members() : new Timer(random);
}
