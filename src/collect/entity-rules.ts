import { DEFAULT_FLEET, type EntityId } from '../model/entity.ts';
import type { Labels } from '../model/labels.ts';

/** Says which entity a series belongs to: when every label of `match` fits, the entity is `kind/name`. */
export interface EntityRule {
  /**
   * Label name to a pattern for the whole value, `*` for anything; `__name__` is the metric. A label that is missing
   * never fits.
   */
  readonly match: Readonly<Record<string, string>>;
  readonly kind: string;
  /** Template: `{label}` stands for the value of a label. A rule whose name needs a label that is missing does not fit. */
  readonly name: string;
  /** Template as well; the default fleet when left out. */
  readonly fleet?: string;
}

/** Where a series belongs. */
export interface Assignment {
  readonly entity: EntityId;
  readonly fleet: string;
}

export type AssignEntity = (name: string, labels: Labels) => Assignment;

/**
 * The first that fits wins. `instance` stands before `job`, as a job has many instances and each can fail alone; it
 * keeps its port, as two processes on one machine must not become one.
 */
export const DEFAULT_ENTITY_RULES: readonly EntityRule[] = [
  { match: { namespace: '*', pod: '*' }, kind: 'pod', name: '{namespace}/{pod}' },
  { match: { service: '*' }, kind: 'service', name: '{service}' },
  { match: { host: '*' }, kind: 'host', name: '{host}' },
  { match: { hostname: '*' }, kind: 'host', name: '{hostname}' },
  { match: { node: '*' }, kind: 'host', name: '{node}' },
  { match: { container_id: '*' }, kind: 'container', name: '{container_id}' },
  { match: { instance: '*' }, kind: 'host', name: '{instance}' },
  { match: { job: '*' }, kind: 'service', name: '{job}' },
];

/** The entity of what no rule fits. */
export const FALLBACK_ENTITY: EntityId = 'service/push';

/** As `model/entity.ts` limits it. */
const MAX_ID = 512;
const ID = /^[a-z][a-z0-9_-]*\/.+$/;
// oxlint-disable-next-line eslint/no-control-regex -- control characters are what it is about
const CONTROL = /[\u0000-\u001f\u007f]/g;

/** Undefined when a label that the template names is missing. */
function fillTemplate(template: string, value: (label: string) => string | undefined): string | undefined {
  let complete = true;
  const filled = template.replace(/\{([^{}]+)\}/g, (_whole, label: string) => {
    const found = value(label);
    if (found === undefined) complete = false;
    return found ?? '';
  });
  return complete && filled !== '' ? filled : undefined;
}

interface CompiledRule {
  readonly tests: readonly { readonly label: string; readonly pattern: RegExp }[];
  readonly rule: EntityRule;
}

/** `*` is the only special character. */
const globPattern = (glob: string): RegExp =>
  new RegExp(`^${glob.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replace(/\*+/g, '.*')}$`, 's');

const compile = (rule: EntityRule): CompiledRule => ({
  tests: Object.entries(rule.match).map(([label, glob]) => ({ label, pattern: globPattern(glob) })),
  rule,
});

/** An id that is well-formed whatever the label values hold. */
const entityId = (id: string): EntityId | undefined => {
  const clean = id.replace(CONTROL, '_').slice(0, MAX_ID);
  return ID.test(clean) ? clean : undefined;
};

/**
 * Makes the function that tells the entity of a series by its labels. A label `entity` that is a well-formed id wins
 * over all rules; what no rule fits belongs to `fallback`. It is asked once per series, not once per sample.
 */
export function createEntityRules(rules: readonly EntityRule[], fallback: EntityId): AssignEntity {
  const compiled = rules.map(compile);
  return (name, labels) => {
    const named = labels['entity'] === undefined ? undefined : entityId(labels['entity']);
    if (named !== undefined) return { entity: named, fleet: labels['fleet'] ?? DEFAULT_FLEET };
    const value = (label: string): string | undefined => (label === '__name__' ? name : labels[label]);
    for (const { tests, rule } of compiled) {
      if (!tests.every(({ label, pattern }) => pattern.test(value(label) ?? '') && value(label) !== undefined))
        continue;
      const filled = fillTemplate(rule.name, value);
      const entity = filled === undefined ? undefined : entityId(`${rule.kind}/${filled}`);
      if (entity === undefined) continue;
      const fleet = rule.fleet === undefined ? undefined : fillTemplate(rule.fleet, value);
      return { entity, fleet: fleet ?? DEFAULT_FLEET };
    }
    return { entity: fallback, fleet: DEFAULT_FLEET };
  };
}
