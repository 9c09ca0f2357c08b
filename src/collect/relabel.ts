import { createHash } from 'node:crypto';
import type { Labels } from '../model/labels.ts';
import { anchoredPattern } from '../runtime/re2-pattern.ts';

/** A rule as Prometheus writes it; what is left out has Prometheus' defaults. */
export interface RelabelRule {
  readonly action?: RelabelAction;
  readonly source_labels?: readonly string[];
  readonly separator?: string;
  readonly regex?: string;
  readonly target_label?: string;
  readonly replacement?: string;
  readonly modulus?: number;
}

export type RelabelAction =
  | 'replace'
  | 'keep'
  | 'drop'
  | 'keepequal'
  | 'dropequal'
  | 'hashmod'
  | 'labelmap'
  | 'labeldrop'
  | 'labelkeep'
  | 'lowercase'
  | 'uppercase';

/** Labels while rules work on them; false when what they stand for is to be left out. */
type Step = (labels: Map<string, string>) => boolean;

/** Rules made ready by `compileRelabel`. */
export type Relabelling = readonly Step[];

const VARIABLE = /\$(?:\$|\{(\w+)\}|(\w+))/g;

/** Go's `Expand`: `$1`, `${1}`, `$name`, `$$`; a name is as long as it can be, and what was not matched is empty. */
const expand = (template: string, match: RegExpExecArray): string =>
  template.replace(VARIABLE, (whole, braced: string | undefined, bare: string | undefined) => {
    const name = braced ?? bare;
    if (name === undefined) return whole.slice(1);
    return (/^\d+$/.test(name) ? match[Number(name)] : match.groups?.[name]) ?? '';
  });

/** A label that is empty is not there. */
function set(labels: Map<string, string>, name: string, value: string): void {
  if (value === '') labels.delete(name);
  else labels.set(name, value);
}

/** The last eight bytes of the MD5 as a number, as Prometheus shards by. */
const hashMod = (text: string, modulus: number): string =>
  (createHash('md5').update(text).digest().readBigUInt64BE(8) % BigInt(modulus)).toString();

type Compile = (rule: Required<RelabelRule>, regex: RegExp) => Step;

/** The values of the source labels as one text; one that is missing is empty. */
const joined =
  ({ source_labels, separator }: Required<RelabelRule>) =>
  (labels: ReadonlyMap<string, string>): string =>
    source_labels.map((name) => labels.get(name) ?? '').join(separator);

/** An action that only puts a value made of the sources into the target. */
const put =
  (make: (value: string, rule: Required<RelabelRule>) => string): Compile =>
  (rule) => {
    const value = joined(rule);
    return (labels) => {
      set(labels, rule.target_label, make(value(labels), rule));
      return true;
    };
  };

/** An action that keeps what passes. */
const pass =
  (
    test: (value: string, labels: ReadonlyMap<string, string>, rule: Required<RelabelRule>, regex: RegExp) => boolean,
  ): Compile =>
  (rule, regex) => {
    const value = joined(rule);
    return (labels) => test(value(labels), labels, rule, regex);
  };

/** An action that takes labels away by their name. */
const names =
  (goes: (matches: boolean) => boolean): Compile =>
  (_rule, regex) =>
  (labels) => {
    for (const name of labels.keys()) if (goes(regex.test(name))) labels.delete(name);
    return true;
  };

const replace: Compile = (rule, regex) => {
  const value = joined(rule);
  return (labels) => {
    const match = regex.exec(value(labels));
    if (match === null) return true;
    const target = expand(rule.target_label, match);
    if (target !== '') set(labels, target, expand(rule.replacement, match));
    return true;
  };
};

const labelMap: Compile = (rule, regex) => (labels) => {
  const given = [...labels];
  for (const [name, value] of given) {
    const match = regex.exec(name);
    const target = match === null ? '' : expand(rule.replacement, match);
    if (target !== '') set(labels, target, value);
  }
  return true;
};

const actions: Readonly<Record<RelabelAction, Compile>> = {
  replace,
  keep: pass((value, _labels, _rule, regex) => regex.test(value)),
  drop: pass((value, _labels, _rule, regex) => !regex.test(value)),
  keepequal: pass((value, labels, { target_label }) => (labels.get(target_label) ?? '') === value),
  dropequal: pass((value, labels, { target_label }) => (labels.get(target_label) ?? '') !== value),
  hashmod: put((value, { modulus }) => hashMod(value, modulus)),
  lowercase: put((value) => value.toLowerCase()),
  uppercase: put((value) => value.toUpperCase()),
  labelmap: labelMap,
  labeldrop: names((matches) => matches),
  labelkeep: names((matches) => !matches),
};

const NEEDS_TARGET: ReadonlySet<string> = new Set<RelabelAction>([
  'replace', 'hashmod', 'lowercase', 'uppercase', 'keepequal', 'dropequal',
]); // prettier-ignore

const DEFAULTS: Required<RelabelRule> = {
  action: 'replace',
  source_labels: [],
  separator: ';',
  regex: '(.*)',
  target_label: '',
  replacement: '$1',
  modulus: 0,
};

function compileRule(rule: RelabelRule): Step {
  const whole = { ...DEFAULTS, ...rule };
  // Prometheus takes any case.
  const action = whole.action.toLowerCase() as RelabelAction;
  const compile = Object.hasOwn(actions, action) ? actions[action] : undefined;
  if (compile === undefined) throw new SyntaxError(`there is no action "${action}"`);
  if (NEEDS_TARGET.has(action) && whole.target_label === '') throw new SyntaxError(`${action} needs target_label`);
  if (action === 'hashmod' && !(whole.modulus >= 1)) throw new SyntaxError('hashmod needs modulus');
  return compile(whole, anchoredPattern(whole.regex));
}

/** Makes rules ready. Throws a SyntaxError that says what is wrong with one. */
export const compileRelabel = (rules: readonly RelabelRule[]): Relabelling => rules.map(compileRule);

/** The labels after all rules, as Prometheus would have them; null when a rule leaves out what they stand for. */
export function relabel(labels: Labels, rules: Relabelling): Labels | null {
  const working = new Map(Object.entries(labels));
  for (const rule of rules) if (!rule(working)) return null;
  return Object.fromEntries(working);
}
