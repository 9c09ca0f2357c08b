export interface FeatureName {
  readonly metric: string;
  /** Values of its labels with their names, in the order of the spelling. */
  readonly labels: readonly { readonly name: string; readonly value: string }[];
}

/** Labels that help no reader to tell two features apart. */
const UNTELLING: ReadonlySet<string> = new Set(['fstype']);

/** Whether a text is the full spelling of a feature with labels. */
export const isFeatureName = (text: string): boolean => /^[a-zA-Z_:][\w:.]*\{.+\}$/.test(text);

/** Takes `filesystem_used_bytes{mountpoint="/data"}` apart for showing; what it cannot read it leaves whole. */
export function readFeatureName(feature: string): FeatureName {
  const brace = feature.indexOf('{');
  if (brace < 0 || !feature.endsWith('}')) return { metric: feature, labels: [] };
  const labels = [...feature.slice(brace + 1, -1).matchAll(/([^=,{}"]+)="((?:[^"\\]|\\.)*)"/g)].map((match) => ({
    name: match[1] ?? '',
    value: (match[2] ?? '').replace(/\\(["\\])/g, '$1'),
  }));
  return { metric: feature.slice(0, brace), labels: labels.filter(({ name }) => !UNTELLING.has(name)) };
}

/** The name in one line: `filesystem_used_bytes /data`. */
export function shortFeature(feature: string): string {
  const { metric, labels } = readFeatureName(feature);
  return [metric, ...labels.map(({ value }) => value)].join(' ');
}

const segments = (path: string): string => path.split('/').map(encodeURIComponent).join('/');

export const entityHref = (id: string): string => `/entities/${segments(id)}`;
export const modelHref = (id: string): string => `/models/${encodeURIComponent(id)}`;
export const incidentHref = (id: string): string => `/incidents/${encodeURIComponent(id)}`;

/** The reverse of the hrefs above; a segment that is not encoded stays as it is. */
export const readSegments = (path: string): string =>
  path
    .split('/')
    .map((segment) => {
      try {
        return decodeURIComponent(segment);
      } catch {
        return segment;
      }
    })
    .join('/');
