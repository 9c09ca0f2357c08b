const UNITS: readonly (readonly [string, number])[] = [
  ['y', 365 * 86_400_000],
  ['w', 7 * 86_400_000],
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
  ['ms', 1],
];

const FORM = new RegExp(`^${UNITS.map(([unit]) => `(?:(\\d+)${unit})?`).join('')}$`);

/** A length of time as Prometheus writes it, `1h30m`, in milliseconds; null when it is none. */
export function prometheusDuration(text: string): number | null {
  const match = text === '' ? null : FORM.exec(text);
  if (match === null) return text === '0' ? 0 : null;
  return UNITS.reduce((sum, [, size], index) => sum + Number(match[index + 1] ?? 0) * size, 0);
}
