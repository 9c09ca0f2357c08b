import { VigiaError } from '../../runtime/errors.ts';
import type { TextKey } from '../../text/catalogue.ts';
import type { Words } from '../../text/text.ts';
import { createTimeReader, lengthOf, type TimeKind } from './time-text.ts';

/** The command line as it comes. */
export interface BacktestOptions {
  readonly data: string;
  readonly failures: string;
  readonly entity: string;
  readonly time: string;
  readonly horizons: string;
  readonly events?: string;
  readonly split?: string;
  readonly walk?: string;
  readonly test?: string;
  readonly model?: string;
  readonly out: string;
  readonly precision?: string;
  readonly minLead?: string;
}

/** Where history is cut. */
export type Cut =
  | { readonly at: 'split'; readonly time: number }
  | { readonly at: 'walk'; readonly every: number }
  | { readonly at: 'test'; readonly file: string };

/** What can be told before the times of the files are known. */
export interface Request {
  readonly options: BacktestOptions;
  readonly horizons: readonly Length[];
  /** Precision that a page must reach, and the least lead time, as the contract has them. */
  readonly precision: number;
  readonly minLead: Length | null;
  /** Between two cuts of a walk. */
  readonly every: Length | null;
}

interface Length {
  /** As given on the command line: `10`, `15m`. */
  readonly text: string;
  readonly value: number;
  /** Whether it has a unit. */
  readonly named: boolean;
}

/** What a page must satisfy where nobody says otherwise. */
const PRECISION = 0.8;
const MIN_LEAD_SECONDS = 900;
const MOST_HORIZONS = 20;
/** Numbers between are taken for seconds since 1970 where lengths of time have units. */
const EPOCH_SECONDS = { from: 1e8, to: 1e11 };

/** Says in one line what is wrong with the command line; ends the command with exit code 2. */
export const usage = (
  words: Words,
  key: Extract<TextKey, `backtest.${string}`>,
  values: Record<string, string | number> = {},
): VigiaError => new VigiaError('USAGE', { detail: words.say(key, values) });

/** Checks what the command line alone can show. Throws `USAGE`. */
export function readRequest(options: BacktestOptions, words: Words): Request {
  if ([options.split, options.walk, options.test].filter((cut) => cut !== undefined).length !== 1) {
    throw usage(words, 'backtest.one_cut');
  }
  const horizons = horizonsOf(options.horizons, words);
  const precision = options.precision === undefined ? PRECISION : Number(options.precision);
  if (!(precision > 0 && precision < 1)) {
    throw usage(words, 'backtest.bad_precision', { found: options.precision ?? '' });
  }
  const every = options.walk === undefined ? null : lengthOf(options.walk);
  if (every === undefined) throw usage(words, 'backtest.bad_walk', { found: options.walk ?? '' });
  return {
    options,
    horizons,
    precision,
    minLead: options.minLead === undefined ? null : leadOf(options.minLead, horizons.at(-1)!.value, words),
    every: every && { text: options.walk ?? '', ...every },
  };
}

function horizonsOf(list: string, words: Words): readonly Length[] {
  const horizons = list.split(',').map((part): Length => {
    const length = lengthOf(part);
    if (length === undefined) throw usage(words, 'backtest.bad_horizon', { found: part.trim() });
    const { value, named } = length;
    return { text: part.trim(), value, named };
  });
  for (const [place, { value, text }] of horizons.entries()) {
    const before = horizons[place - 1];
    if (before !== undefined && before.value >= value) {
      throw usage(words, 'backtest.horizon_order', { found: text, before: before.text });
    }
  }
  if (horizons.length > MOST_HORIZONS) throw usage(words, 'backtest.many_horizons', { limit: MOST_HORIZONS });
  return horizons;
}

function leadOf(text: string, largest: number, words: Words): Length {
  const length = text.trim() === '0' ? { value: 0, named: false } : lengthOf(text);
  if (length === undefined) throw usage(words, 'backtest.bad_lead', { found: text });
  if (length.value >= largest) throw usage(words, 'backtest.lead_long', { found: text });
  return { text, ...length };
}

/** The request in the unit of the files. */
export interface Timing {
  readonly horizons: readonly number[];
  readonly names: readonly string[];
  readonly minLead: number;
  readonly cut: Cut;
  /** Milliseconds of one unit; null where times are numbers without one. */
  readonly unitMs: number | null;
}

/**
 * Settles the unit, once the kind of the times is known. `latest` is the largest time of the data. Numbers have a unit only where
 * lengths with units say so, and where they can be seconds since 1970. Throws `USAGE`.
 */
export function timingOf(
  { options, horizons, minLead, every }: Request,
  data: { readonly kind: TimeKind; readonly latest: number },
  words: Words,
): Timing {
  const named = [...horizons, minLead, every].find((length) => length?.named);
  const epoch = data.latest >= EPOCH_SECONDS.from && data.latest < EPOCH_SECONDS.to;
  if (named && data.kind === 'number' && !epoch) throw usage(words, 'backtest.no_unit', { found: named.text });
  const dated = data.kind === 'date' || named !== undefined;
  // What nobody asked for must not make short horizons useless.
  const usual = dated ? Math.min(MIN_LEAD_SECONDS, horizons.at(-1)!.value / 4) : 0;
  return {
    horizons: horizons.map(({ value }) => value),
    names: horizons.map(({ text }) => text),
    minLead: minLead?.value ?? usual,
    cut: cutOf(options, every, { kind: data.kind, words }),
    unitMs: dated ? 1000 : null,
  };
}

function cutOf(
  { test, split }: BacktestOptions,
  every: Length | null,
  { kind, words }: { readonly kind: TimeKind; readonly words: Words },
): Cut {
  if (every !== null) return { at: 'walk', every: every.value };
  if (test !== undefined) return { at: 'test', file: test };
  return { at: 'split', time: createTimeReader('--split', words, kind).read(split ?? '', 1) };
}
