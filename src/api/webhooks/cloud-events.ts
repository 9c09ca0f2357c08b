import type { IncomingHttpHeaders } from 'node:http';
import type { ToldEvent } from '../../model/told-event.ts';
import { VigiaError } from '../../runtime/errors.ts';
import { isObject, MAX_TEXT, parseBody, scalarLabels, severityOf, timeOf } from './told-event.ts';

/** Attributes with a meaning of their own; all others are extensions and become labels. */
const ATTRIBUTES: ReadonlySet<string> = new Set([
  'specversion', 'id', 'source', 'type', 'time', 'datacontenttype', 'dataschema', 'data', 'data_base64',
]); // prettier-ignore
const SAYING = ['message', 'text', 'summary', 'description'] as const;
const MAX_NAME = 200;

type Attributes = Readonly<Record<string, unknown>>;

function required(attributes: Attributes, name: string): string {
  const value = attributes[name];
  if (typeof value === 'string' && value !== '') return value;
  throw new VigiaError('BODY_INVALID', { detail: `${name}: a CloudEvent must have it` });
}

function eventOf(attributes: Attributes, data: unknown, now: number): ToldEvent {
  const version = required(attributes, 'specversion');
  if (version !== '1.0' && version !== '0.3') {
    throw new VigiaError('BODY_INVALID', { detail: `specversion: ${version.slice(0, 20)} is not known` });
  }
  const source = required(attributes, 'source');
  const extensions = Object.entries(attributes).filter(([name]) => !ATTRIBUTES.has(name));
  const facts = isObject(data) ? data : {};
  const labels = scalarLabels({
    ...scalarLabels(facts),
    ...scalarLabels(facts['labels']),
    ...Object.fromEntries(extensions),
    source,
  });
  const said = SAYING.flatMap((name) => labels[name] ?? [])[0] ?? labels['subject'] ?? '';
  const spoken = SAYING.find((name) => labels[name] === said);
  const kept = Object.entries(labels).filter(([name]) => name !== spoken);
  return {
    // What the specification makes unique.
    identity: ['cloudevents', source, required(attributes, 'id')],
    time: timeOf(attributes['time'], now),
    name: required(attributes, 'type').slice(0, MAX_NAME),
    source: 'cloudevents',
    severity: severityOf(labels['severity'], 'info'),
    text: said.slice(0, MAX_TEXT),
    labels: Object.fromEntries(kept),
  };
}

function structured(found: unknown, now: number): ToldEvent {
  if (isObject(found)) return eventOf(found, found['data'], now);
  throw new VigiaError('BODY_INVALID', { detail: 'a CloudEvent must be an object' });
}

/** Header values are written in percent codes. */
function unescaped(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}

/** Binary mode: attributes in headers `ce-…`, and the body is the data. */
function binary(headers: IncomingHttpHeaders, body: Buffer, now: number): ToldEvent {
  const attributes = Object.entries(headers).flatMap(([name, value]) =>
    name.startsWith('ce-') && typeof value === 'string' ? [[name.slice(3), unescaped(value)]] : [],
  );
  const json = /[/+]json\b/.test(headers['content-type'] ?? '') && body.length > 0;
  return eventOf(Object.fromEntries(attributes) as Attributes, json ? parseBody(body) : undefined, now);
}

/** The events of a request in the HTTP binding of CloudEvents: structured, batched or binary. Throws `BODY_INVALID`. */
export function toldCloudEvents(headers: IncomingHttpHeaders, body: Buffer, now: number): readonly ToldEvent[] {
  const type = headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase() ?? '';
  if (type === 'application/cloudevents-batch+json') {
    const batch = parseBody(body);
    if (!Array.isArray(batch)) throw new VigiaError('BODY_INVALID', { detail: 'a batch must be a list' });
    return batch.map((found) => structured(found, now));
  }
  if (type === 'application/cloudevents+json') return [structured(parseBody(body), now)];
  return [binary(headers, body, now)];
}
