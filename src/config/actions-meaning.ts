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
  }[];
  readonly act?: { readonly escalation?: string };
}

/** As `act` looks for them: a word, a dot, and the rest. Other braces are text. */
const PLACEHOLDER = /\{([a-z]+)\.([^{}\s]+)\}/g;
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
  return [...found.matchAll(PLACEHOLDER)].flatMap(([whole, room = '', field = '']) =>
    FIELDS[room]?.test(field) === true ? [] : [wrong(path, value(whole), saying('config.expects_placeholder'))],
  );
}

/** Names of the catalogue that lead nowhere: what undoes, opposes or escalates, and placeholders that nothing fills. */
export function catalogueProblems({ actions = [], act }: WrittenCatalogue): readonly Problem[] {
  const ids = new Set(actions.map(({ id }) => id));
  const named = (name: string | undefined, path: Path): readonly Problem[] =>
    name === undefined || ids.has(name) ? [] : [wrong(path, value(name), saying('config.expects_action'))];
  return [
    ...named(act?.escalation, ['act', 'escalation']),
    ...actions.flatMap(({ rollback, opposes = [], args = {} }, index) => [
      ...named(rollback, ['actions', index, 'rollback']),
      ...opposes.flatMap((name, at) => named(name, ['actions', index, 'opposes', at])),
      ...placeholders(args, ['actions', index, 'args']),
    ]),
  ];
}
