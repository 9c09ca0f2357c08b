/** Label names and values of a series, as the sender gave them. */
export type Labels = Readonly<Record<string, string>>;

/** No labels at all. */
export const NO_LABELS: Labels = Object.freeze({});

/** Escapes a label value as the Prometheus text exposition does. */
const escapeValue = (value: string): string => value.replace(/[\\"\n]/g, (c) => (c === '\n' ? '\\n' : `\\${c}`));

/**
 * The canonical spelling of a name with labels, `name{a="1",b="2"}`: labels sorted by name, empty values left out,
 * so that two spellings of one series have one key.
 */
export function canonicalKey(name: string, labels: Labels): string {
  const names = Object.keys(labels)
    .filter((label) => labels[label] !== '')
    .sort();
  if (names.length === 0) return name;
  return `${name}{${names.map((label) => `${label}="${escapeValue(labels[label] ?? '')}"`).join(',')}}`;
}
