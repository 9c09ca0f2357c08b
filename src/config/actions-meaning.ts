import { PLACEHOLDER_TYPES } from '../model/placeholder.ts';
import { saying } from './mistake.ts';
import type { Path, Problem } from './validate.ts';
import { value, wrong } from './wrong.ts';

/** What is written of the catalogue, as far as its names are checked. */
export interface WrittenCatalogue {
  readonly actions?: readonly {
    readonly id: string;
    readonly args?: Readonly<Record<string, unknown>>;
    readonly rollback?: string;
    readonly opposes?: readonly string[];
    readonly match?: { readonly failureKinds?: readonly string[] };
    readonly mode?: string;
    readonly upTo?: string;
    readonly risk?: string;
  }[];
  readonly failures?: readonly { readonly kind?: string }[];
  readonly act?: { readonly escalation?: string; readonly command?: { readonly programs?: readonly string[] } };
}

/** As `act` looks for them: a word, a dot, and the rest. Other braces are text. */
const PLACEHOLDER = /\{([a-z]+)\.([^{}\s:]+)(?::([^{}\s]*))?\}/g;
const FIELDS: Readonly<Record<string, RegExp>> = {
  entity: /^(?:id|kind|name|fleet)$/,
  labels: /^.+$/,
  feature: /^(?:name|labels\..+)$/,
  incident: /^id$/,
};

function placeholders(found: unknown, path: Path): readonly Problem[] {
  if (Array.isArray(found)) return found.flatMap((item, index) => placeholders(item, [...path, index]));
  if (typeof found === 'object' && found !== null)
    return Object.entries(found).flatMap(([name, child]) => placeholders(child, [...path, name]));
  if (typeof found !== 'string') return [];
  return [...found.matchAll(PLACEHOLDER)].flatMap(([whole, room = '', field = '', type]) => {
    if (FIELDS[room]?.test(field) !== true) return [wrong(path, value(whole), saying('config.expects_placeholder'))];
    if (type === undefined || Object.hasOwn(PLACEHOLDER_TYPES, type)) return [];
    const values = Object.keys(PLACEHOLDER_TYPES).join(', ');
    return [wrong(path, value(whole), saying('config.expects_placeholder_type', { values }))];
  });
}

/** Failures that nobody has defined, and acting alone on what is of high risk. */
function kindProblems(
  { match, mode, upTo, risk }: NonNullable<WrittenCatalogue['actions']>[number],
  failures: NonNullable<WrittenCatalogue['failures']>,
  index: number,
): readonly Problem[] {
  const known = ['capacity', ...failures.flatMap(({ kind }) => kind ?? [])];
  const unknown = (match?.failureKinds ?? []).flatMap((kind, at): readonly Problem[] => {
    const path: Path = ['actions', index, 'match', 'failureKinds', at];
    return known.includes(kind)
      ? []
      : [wrong(path, value(kind), saying('config.expects_one_of', { values: known.join(', ') }))];
  });
  const bold =
    risk === 'high'
      ? (
          [
            ['mode', mode],
            ['upTo', upTo],
          ] as const
        ).filter(([, is]) => is === 'auto')
      : [];
  return [
    ...unknown,
    ...bold.map(([name, is]) => wrong(['actions', index, name], value(is), saying('config.expects_careful'))),
  ];
}

/** Names of the catalogue that lead nowhere: what undoes, opposes or escalates, and placeholders that nothing fills. */
export function catalogueProblems({ actions = [], act, failures = [] }: WrittenCatalogue): readonly Problem[] {
  const ids = new Set(actions.map(({ id }) => id));
  const named = (name: string | undefined, path: Path): readonly Problem[] =>
    name === undefined || ids.has(name) ? [] : [wrong(path, value(name), saying('config.expects_action'))];
  return [
    ...named(act?.escalation, ['act', 'escalation']),
    ...actions.flatMap((action, index) => kindProblems(action, failures, index)),
    ...actions.flatMap(({ rollback, opposes = [], args = {} }, index) => [
      ...named(rollback, ['actions', index, 'rollback']),
      ...opposes.flatMap((name, at) => named(name, ['actions', index, 'opposes', at])),
      ...placeholders(args, ['actions', index, 'args']),
    ]),
  ];
}
