import { toError } from '../runtime/errors.ts';
import { anchoredPattern } from '../runtime/re2-pattern.ts';
import { saying } from './mistake.ts';
import type { Path, Problem } from './validate.ts';
import { value, wrong } from './wrong.ts';

interface WrittenRule {
  readonly action?: string;
  readonly regex?: string;
  readonly target_label?: string;
  readonly modulus?: number;
}

type WrittenDiscovery = Readonly<Partial<Record<'file' | 'http' | 'dns' | 'kubernetes', unknown>>>;

/** An entry of `collect.scrape` as far as it is checked here. */
export interface WrittenScrape {
  readonly name: string;
  readonly interval?: string;
  readonly timeout?: string;
  readonly targets?: readonly string[];
  readonly discover?: readonly WrittenDiscovery[];
  readonly relabel?: readonly WrittenRule[];
  readonly metricRelabel?: readonly WrittenRule[];
}

const NEEDS_TARGET = new Set(['replace', 'hashmod', 'lowercase', 'uppercase', 'keepequal', 'dropequal']);

/** What is wrong with a rule beside its shape. */
function ruleProblems(rule: WrittenRule, path: Path): readonly Problem[] {
  const { action = 'replace', regex = '', target_label, modulus } = rule;
  const missing = (name: string) => [wrong(path, value(rule), saying('config.expects_key', { name }))];
  if (NEEDS_TARGET.has(action) && target_label === undefined) return missing('target_label');
  if (action === 'hashmod' && modulus === undefined) return missing('modulus');
  try {
    anchoredPattern(regex);
    return [];
  } catch (error) {
    const detail = toError(error).message;
    return [wrong([...path, 'regex'], value(regex), saying('config.expects_re2', { detail }))];
  }
}

/** A discovery says where targets are, once. */
function discoveryProblems({ file, http, dns, kubernetes }: WrittenDiscovery, path: Path): readonly Problem[] {
  const ways = Object.entries({ file, http, dns, kubernetes }).filter(([, way]) => way !== undefined);
  if (ways.length === 1) return [];
  const found = ways.length === 0 ? saying('config.found_nothing') : value(Object.fromEntries(ways));
  return [wrong(path, found, saying('config.expects_one_of', { values: 'file, http, dns, kubernetes' }))];
}

function jobProblems({ targets = [], discover = [], relabel = [], metricRelabel = [] }: WrittenScrape, at: Path) {
  const none = targets.length + discover.length === 0;
  return [
    none ? [wrong(at, saying('config.found_nothing'), saying('config.expects_targets'))] : [],
    ...discover.map((found, place) => discoveryProblems(found, [...at, 'discover', place])),
    ...relabel.map((rule, place) => ruleProblems(rule, [...at, 'relabel', place])),
    ...metricRelabel.map((rule, place) => ruleProblems(rule, [...at, 'metricRelabel', place])),
  ].flat();
}

/** Mistakes of meaning in `collect.scrape`: nothing to scrape, several ways at once, rules that make no sense. */
export const scrapeProblems = (jobs: readonly WrittenScrape[]): readonly Problem[] =>
  jobs.flatMap((job, index) => jobProblems(job, ['collect', 'scrape', index]));
