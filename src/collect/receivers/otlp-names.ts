import type { Labels } from '../../model/labels.ts';
import { type Plain, plainText } from './otlp-values.ts';

/** UCUM units that OpenTelemetry metrics carry, as Prometheus' naming guide writes them. */
const UNITS: ReadonlyMap<string, string> = new Map([
  ['d', 'days'],
  ['h', 'hours'],
  ['min', 'minutes'],
  ['s', 'seconds'],
  ['ms', 'milliseconds'],
  ['us', 'microseconds'],
  ['ns', 'nanoseconds'],
  ['By', 'bytes'],
  ['KiBy', 'kibibytes'],
  ['MiBy', 'mebibytes'],
  ['GiBy', 'gibibytes'],
  ['kBy', 'kilobytes'],
  ['KBy', 'kilobytes'],
  ['MBy', 'megabytes'],
  ['GBy', 'gigabytes'],
  ['bit', 'bits'],
  ['m', 'meters'],
  ['V', 'volts'],
  ['A', 'amperes'],
  ['J', 'joules'],
  ['W', 'watts'],
  ['g', 'grams'],
  ['Cel', 'celsius'],
  ['Hz', 'hertz'],
  ['%', 'percent'],
]);

const PER: ReadonlyMap<string, string> = new Map([
  ['s', 'second'],
  ['min', 'minute'],
  ['h', 'hour'],
  ['d', 'day'],
]);

const cleaned = (text: string): string => text.replace(/[^A-Za-z0-9_:]+/g, '_').replace(/_+/g, '_');

/** The unit in words: `By/s` is `bytes_per_second`; an annotation such as `{request}` is none. */
export function unitWord(unit: string): string {
  const [over = '', under] = unit.replace(/\{[^}]*\}/g, '').split('/', 2);
  const word = UNITS.get(over) ?? (over === '1' ? '' : cleaned(over));
  if (under === undefined || under === '') return word;
  const per = `per_${PER.get(under) ?? cleaned(under)}`;
  return word === '' ? per : `${word}_${per}`;
}

/** What decides how a metric is called. */
export interface MetricHead {
  readonly name: string;
  /** UCUM, as it was sent. */
  readonly unit: string;
  readonly kind: 'gauge' | 'sum' | 'histogram' | 'exponential' | 'summary';
  readonly monotonic: boolean;
  /** Values count from one report to the next, not from the start. */
  readonly delta: boolean;
}

/** As Prometheus names what it receives over OTLP: `http.server.duration` in `s` is `http_server_duration_seconds`. */
export function metricName({ name, unit, kind, monotonic }: MetricHead): string {
  let result = cleaned(name);
  if (/^[0-9]/.test(result)) result = `_${result}`;
  const word = unitWord(unit) || (unit === '1' && kind === 'gauge' ? 'ratio' : '');
  if (word !== '' && !result.split('_').join('_').endsWith(word)) result = `${result}_${word}`;
  if (kind === 'sum' && monotonic && !result.endsWith('_total')) result = `${result}_total`;
  return result;
}

/** An attribute's name as the name of a label. */
export const labelName = (attribute: string): string => {
  const name = attribute.replace(/[^A-Za-z0-9_]/g, '_');
  return /^[0-9]/.test(name) ? `key_${name}` : name;
};

/** Attributes of a resource that say what it is, and the labels that entity rules know. The others tell of it, and are left. */
const RESOURCE_LABELS: ReadonlyMap<string, string> = new Map([
  ['service.name', 'service'],
  ['service.instance.id', 'instance'],
  ['host.name', 'host'],
  ['k8s.namespace.name', 'namespace'],
  ['k8s.pod.name', 'pod'],
  ['k8s.node.name', 'node'],
  ['k8s.container.name', 'container'],
  ['container.name', 'container'],
  ['deployment.environment', 'environment'],
  ['deployment.environment.name', 'environment'],
]);

/** The labels of what a resource says of itself; an empty value is no label. */
export const resourceLabels = (attributes: readonly (readonly [string, Plain])[]): Labels =>
  Object.fromEntries(
    attributes.flatMap(([name, value]): [string, string][] => {
      const label = RESOURCE_LABELS.get(name);
      const text = plainText(value);
      return label === undefined || text === '' ? [] : [[label, text]];
    }),
  );
