import { formatDuration, formatNumber, formatPercent } from '../../../text/format.ts';
import type { Words } from '../../../text/text.ts';
import type { Figure } from '../../../learn/evaluation/row-figures.ts';

/** Text for the inside of an element or a quoted attribute. */
export const escape = (text: string): string =>
  text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');

/** How the report writes numbers, times and lengths of time. */
export interface Style {
  readonly words: Words;
  readonly unit: 'seconds' | 'own';
}

export const number = ({ words }: Style, value: number): string => formatNumber(words.language, value);

export const percent = ({ words }: Style, share: number): string => formatPercent(words.language, share);

/** A length of time: with its unit where there is one. */
export const length = ({ words, unit }: Style, value: number): string =>
  unit === 'seconds' ? formatDuration(words.language, value) : formatNumber(words.language, value);

/** A moment: date and time in UTC, without the time where it is midnight. */
export function moment(style: Style, time: number): string {
  if (style.unit === 'own') return number(style, time);
  const text = new Date(time * 1000).toISOString();
  return text.endsWith('T00:00:00.000Z') ? text.slice(0, 10) : text.slice(0, 16).replace('T', ' ');
}

/** A figure with its interval, or a dash where there is none. */
export function figure(value: Figure | null, write: (value: number) => string): string {
  if (value === null) return '<span class="none">–</span>';
  if (value.low === value.high) return `<b>${write(value.value)}</b>`;
  return `<b>${write(value.value)}</b> <small>${write(value.low)}–${write(value.high)}</small>`;
}

/** Even, round steps that cover 0 to `most`: at most five. */
export function ticks(most: number): number[] {
  if (!(most > 0)) return [0, 1];
  const rough = most / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((size) => size >= rough) ?? rough;
  const count = Math.ceil(most / step - 1e-9);
  return Array.from({ length: count + 1 }, (_, i) => Number((i * step).toPrecision(12)));
}
