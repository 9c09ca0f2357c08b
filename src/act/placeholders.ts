import type { Entity } from '../model/entity.ts';
import type { Labels } from '../model/labels.ts';
import { PLACEHOLDER_TYPES } from '../model/placeholder.ts';
import { type Phrase, phrase } from '../model/phrase.ts';

/** What placeholders are filled from. */
export interface PlaceholderContext {
  readonly entity: Entity;
  /** The feature that the action is about; null when the run is for no incident. */
  readonly feature: { readonly name: string; readonly labels: Labels } | null;
  readonly incident: string | null;
}

export type Filled =
  | { readonly args: Readonly<Record<string, unknown>>; readonly problem: null }
  | { readonly args: null; readonly problem: Phrase };

/** `{labels.app.kubernetes.io/name:name}`: a word, a dot, the rest, and a type. Other braces are text, as in `awk '{print}'`. */
const PLACEHOLDER = /\{([a-z]+)\.([^{}\s:]+)(?::([^{}\s]*))?\}/g;
/** References to secrets; a label that holds one must not make us reveal it. */
const REFERENCE = /\$\{/;
// oxlint-disable-next-line eslint/no-control-regex -- control characters are what it looks for
const CONTROL = /[\u0000-\u001F\u007F]/;

const own = (record: Labels, name: string): string | undefined =>
  Object.hasOwn(record, name) ? record[name] : undefined;

function lookUp({ entity, feature, incident }: PlaceholderContext, room: string, name: string): string | undefined {
  if (room === 'labels') return own(entity.labels, name);
  if (room === 'incident') return name === 'id' ? (incident ?? undefined) : undefined;
  if (room === 'entity') return own({ id: entity.id, kind: entity.kind, name: entity.name, fleet: entity.fleet }, name);
  if (room !== 'feature' || feature === null) return undefined;
  return name.startsWith('labels.') ? own(feature.labels, name.slice(7)) : own({ name: feature.name }, name);
}

class Unfillable extends Error {
  readonly problem: Phrase;

  constructor(problem: Phrase) {
    super(problem.key);
    this.problem = problem;
  }
}

function fillText(template: string, context: PlaceholderContext, encode: boolean): string {
  const filled = template.replace(PLACEHOLDER, (placeholder, room: string, name: string, type?: string) => {
    const value = lookUp(context, room, name);
    if (value === undefined || value === '') throw new Unfillable(phrase('act.placeholderMissing', { placeholder }));
    if (CONTROL.test(value) || REFERENCE.test(value))
      throw new Unfillable(phrase('act.placeholderUnsafe', { placeholder }));
    if (type !== undefined && PLACEHOLDER_TYPES[type]?.test(value) !== true)
      throw new Unfillable(phrase('act.placeholderType', { placeholder, type }));
    return encode ? encodeURIComponent(value) : value;
  });
  // Labels come from whoever sends metrics: none of them may turn an argument into an option.
  if (filled.startsWith('-') && !template.startsWith('-')) {
    throw new Unfillable(phrase('act.placeholderUnsafe', { placeholder: template }));
  }
  return filled;
}

function fillValue(value: unknown, context: PlaceholderContext, encode: boolean): unknown {
  if (typeof value === 'string') return fillText(value, context, encode);
  if (Array.isArray(value)) return value.map((item) => fillValue(item, context, encode));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, fillValue(item, context, encode || key === 'url')]),
  );
}

/**
 * Fills `{entity.name}`, `{labels.pod}`, `{feature.labels.mountpoint}` and the like in every text of the arguments;
 * inside `url` percent-encoded. A value that is missing, empty, holds control characters or a reference to a secret,
 * or would turn an argument into an option, makes the whole unfillable: better no action than another one.
 */
export function fillPlaceholders(args: Readonly<Record<string, unknown>>, context: PlaceholderContext): Filled {
  try {
    return { args: fillValue(args, context, false) as Readonly<Record<string, unknown>>, problem: null };
  } catch (error) {
    if (error instanceof Unfillable) return { args: null, problem: error.problem };
    throw error;
  }
}
