import { escape } from './markup.ts';

/** Size of a chart in its own pixels: about that of a card on a phone, so that text is never scaled far. */
export const WIDTH = 360;
export const HEIGHT = 232;
const LEFT = 54;
const RIGHT = 12;
const TOP = 12;
const BOTTOM = 38;

export interface Axis {
  readonly ticks: readonly number[];
  readonly write: (value: number) => string;
  readonly title: string;
}

/** A plane with two axes from 0 to their last tick. */
export interface Plane {
  readonly x: (value: number) => number;
  readonly y: (value: number) => number;
  /** Grid, tick labels and titles. */
  readonly frame: string;
}

const round = (value: number): string => String(Math.round(value * 10) / 10);

export function plane(x: Axis, y: Axis): Plane {
  const mostX = x.ticks.at(-1)!;
  const mostY = y.ticks.at(-1)!;
  const placeX = (value: number): number => LEFT + (value / mostX) * (WIDTH - LEFT - RIGHT);
  const placeY = (value: number): number => HEIGHT - BOTTOM - (value / mostY) * (HEIGHT - TOP - BOTTOM);
  const rows = y.ticks.map((tick) => {
    const at = round(placeY(tick));
    return (
      `<line class="grid" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${at}" y2="${at}"/>` +
      `<text class="tick" x="${LEFT - 6}" y="${at}" dy="0.32em" text-anchor="end">${escape(y.write(tick))}</text>`
    );
  });
  const columns = x.ticks.map((tick) => {
    const at = round(placeX(tick));
    return `<text class="tick" x="${at}" y="${HEIGHT - BOTTOM + 15}" text-anchor="middle">${escape(x.write(tick))}</text>`;
  });
  const titles =
    `<text class="axis" x="${(LEFT + WIDTH - RIGHT) / 2}" y="${HEIGHT - 5}" text-anchor="middle">${escape(x.title)}</text>` +
    `<text class="axis" transform="translate(10 ${(HEIGHT - BOTTOM + TOP) / 2}) rotate(-90)" text-anchor="middle">${escape(y.title)}</text>`;
  return { x: placeX, y: placeY, frame: rows.join('') + columns.join('') + titles };
}

/** A line through points, broken where one is not a number. */
export function line(points: readonly (readonly [number, number])[], { x, y }: Plane, kind: string): string {
  let path = '';
  let drawing = false;
  for (const [a, b] of points) {
    if (!Number.isFinite(a) || !Number.isFinite(b)) {
      drawing = false;
      continue;
    }
    path += `${drawing ? 'L' : 'M'}${round(x(a))} ${round(y(b))}`;
    drawing = true;
  }
  return `<path class="line ${kind}" d="${path}"/>`;
}

/** A point with a word for those who rest on it. */
export const dot = (
  [a, b]: readonly [number, number],
  { x, y }: Plane,
  { kind, title }: { kind: string; title: string },
): string =>
  `<circle class="dot ${kind}" cx="${round(x(a))}" cy="${round(y(b))}" r="4.5"><title>${escape(title)}</title></circle>`;

export interface Bar {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly kind: string;
  readonly title?: string;
}

export const bar = ({ x, y, width, height, kind, title }: Bar): string =>
  height <= 0 || width <= 0
    ? ''
    : `<rect class="bar ${kind}" x="${round(x)}" y="${round(y)}" width="${round(width)}" height="${round(height)}" rx="1.5">${title === undefined ? '' : `<title>${escape(title)}</title>`}</rect>`;

/** An image with what it shows in words, for those who do not see it. */
export const svg = (content: string, label: string, { width, height } = { width: WIDTH, height: HEIGHT }): string =>
  `<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${escape(label)}">${content}</svg>`;
