import { parseDocument } from 'yaml';
import type { Labels } from '../../model/labels.ts';

/** Targets in one list; more is a mistake. */
const MAX_TARGETS = 100_000;

/** Labels with more of them. */
export const tagged = (labels: Labels, more: Labels): Labels => ({ ...labels, ...more });

const refuse = (why: string): never => {
  throw new SyntaxError(why);
};

function labelsOf(found: unknown): Labels {
  if (found === undefined || found === null) return {};
  if (typeof found !== 'object' || Array.isArray(found)) return refuse('labels are not a map');
  return Object.fromEntries(
    Object.entries(found).map(([name, value]) => {
      if (typeof value === 'object') return refuse(`label ${name} is not text`);
      return [name, String(value)];
    }),
  );
}

function groupOf(found: unknown, index: number): readonly Labels[] {
  if (typeof found !== 'object' || found === null) return refuse(`entry ${index + 1} is not a group of targets`);
  const { targets, labels } = found as { targets?: unknown; labels?: unknown };
  if (!Array.isArray(targets) || !targets.every((target) => typeof target === 'string')) {
    return refuse(`entry ${index + 1} has no list of targets`);
  }
  const shared = labelsOf(labels);
  return targets.map((target) => tagged(shared, { __address__: target }));
}

/**
 * A list of target groups, `[{"targets": ["host:port"], "labels": {…}}]`, as JSON or YAML, one set of labels a target
 * with its place in `__address__`: the form of Prometheus' file_sd, http_sd and static_configs. Throws a SyntaxError.
 */
export function targetGroups(value: unknown): readonly Labels[] {
  if (value === null || value === undefined) return [];
  if (!Array.isArray(value)) return refuse('it is not a list of groups of targets');
  const found = value.flatMap(groupOf);
  return found.length > MAX_TARGETS ? refuse(`it has more than ${MAX_TARGETS} targets`) : found;
}

/** The same from text. */
export function parseTargetGroups(text: string): readonly Labels[] {
  const document = parseDocument(text, { prettyErrors: false });
  const [error] = document.errors;
  if (error !== undefined) return refuse(error.message);
  return targetGroups(document.toJS({ maxAliasCount: 100 }));
}
