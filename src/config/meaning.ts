import { matchesPattern } from '../model/action-definition.ts';
import { catalogueProblems, type WrittenCatalogue } from './actions-meaning.ts';
import { kubernetesProblems } from './kubernetes-meaning.ts';
import { saying } from './mistake.ts';
import { notifyProblems, type WrittenNotify } from './notify-meaning.ts';
import { resolveAddress, resolveReferences, type SecretSources } from './secrets.ts';
import { type SchemaNode, walk } from './schema-node.ts';
import { parseDuration, parseSize, REFERENCE } from './units.ts';
import { scrapeProblems, type WrittenScrape } from './scrape-meaning.ts';
import { syslogProblems, type WrittenSyslog } from './syslog-meaning.ts';
import { bounds, type Path, type Problem } from './validate.ts';
import { value, wrong } from './wrong.ts';

/** What the schema cannot say is checked here, on a value that fits the schema: bounds of lengths and sizes, references, names. */
type Check = (root: Root, sources: SecretSources) => readonly Problem[];

/** The parts of the written configuration that the checks read. */
interface Root extends Pick<WrittenCatalogue, 'act'>, Pick<WrittenNotify, 'notify'> {
  readonly timezone?: string;
  readonly api?: Readonly<Partial<Record<'tokens' | 'webhooks', readonly { readonly name: string }[]>>>;
  readonly collect?: {
    readonly scrape?: readonly WrittenScrape[];
    readonly history?: readonly { readonly name: string }[];
    readonly sources?: readonly { readonly name: string }[];
    readonly logs?: readonly { readonly name: string }[];
    readonly journals?: readonly { readonly name?: string }[];
    readonly syslog?: readonly WrittenSyslog[];
  };
  readonly topology?: readonly { readonly from: string; readonly to: string }[];
  readonly limits?: readonly { readonly value?: number; readonly feature?: string }[];
  readonly failures?: readonly { readonly kind?: string; readonly when: Readonly<Record<string, unknown>> }[];
  readonly actions?: readonly {
    readonly id: string;
    readonly executor: string;
    readonly args?: Readonly<Record<string, unknown>>;
    readonly rollback?: string;
    readonly opposes?: readonly string[];
  }[];
}

const lengthsAndSizes: Check = (root) => {
  const problems: Problem[] = [];
  walk(root, (found, node, path) => {
    const read = { duration: parseDuration, size: parseSize }[node.expects ?? ''];
    if (read === undefined || typeof found !== 'string') return found;
    const low = node.least === undefined ? 0 : read(node.least);
    const high = node.most === undefined ? Number.MAX_SAFE_INTEGER : read(node.most);
    if (read(found) < low || read(found) > high) problems.push(wrong(path, value(found), bounds(node)));
    return found;
  });
  return problems;
};

function isTimezone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}

const timezones: Check = ({ timezone }) =>
  timezone === undefined || isTimezone(timezone)
    ? []
    : [wrong(['timezone'], value(timezone), saying('config.expects_timezone'))];

function duplicates(names: readonly string[], pathOf: (index: number) => Path): readonly Problem[] {
  return names.flatMap((name, index) =>
    names.indexOf(name) === index
      ? []
      : [
          wrong(
            pathOf(index),
            saying('config.found_duplicate', { value: JSON.stringify(name) }),
            saying('config.expects_unique'),
          ),
        ],
  );
}

/** Sources of each kind have names of their own; a name that may be left out is that of the kind's only source. */
const collectNames: Check = ({ collect = {} }) => {
  const { scrape, logs, history, sources, syslog, journals } = collect;
  const kinds = { scrape, logs, history, sources, syslog, journals };
  const only: Readonly<Record<string, string>> = { syslog: 'syslog', journals: 'journal' };
  return Object.entries(kinds).flatMap(([kind, named]) =>
    duplicates(
      (named ?? []).map(({ name }) => name ?? only[kind] ?? ''),
      (index) => ['collect', kind, index, 'name'],
    ),
  );
};

const uniqueNames: Check = ({ api, actions, notify }) => [
  ...duplicates(
    (api?.tokens ?? []).map(({ name }) => name),
    (index) => ['api', 'tokens', index, 'name'],
  ),
  ...duplicates(
    (api?.webhooks ?? []).map(({ name }) => name),
    (index) => ['api', 'webhooks', index, 'name'],
  ),
  ...duplicates(
    (actions ?? []).map(({ id }) => id),
    (index) => ['actions', index, 'id'],
  ),
  ...duplicates(
    (notify?.channels ?? []).map(({ name }) => name),
    (index) => ['notify', 'channels', index, 'name'],
  ),
];

/** Prometheus has the same rule: a scrape that may last longer than its interval would pile up. */
const timeouts: Check = ({ collect }) =>
  (collect?.scrape ?? []).flatMap(({ interval = '15s', timeout = '10s' }, index) =>
    parseDuration(timeout) <= parseDuration(interval)
      ? []
      : [
          wrong(
            ['collect', 'scrape', index, 'timeout'],
            value(timeout),
            saying('config.expects_shorter_than', { other: 'interval', value: interval }),
          ),
        ],
  );

const limitBounds: Check = ({ limits }) =>
  (limits ?? []).flatMap((limit, index) =>
    // A rule without either takes a natural limit away.
    limit.value !== undefined && limit.feature !== undefined
      ? [wrong(['limits', index], value(limit), saying('config.expects_value_or_feature'))]
      : [],
  );

/** What may mean a failure by itself; a feature needs a bound beside it. */
const CONDITIONS = ['down', 'event', 'alert', 'feature'] as const;

const failureConditions: Check = ({ failures }) =>
  (failures ?? []).flatMap(({ when }, index) => {
    const conditions = CONDITIONS.filter((name) => when[name] !== undefined).length;
    const bounds = ['above', 'below'].filter((name) => when[name] !== undefined).length;
    const fits = conditions === 1 && bounds === (when['feature'] === undefined ? 0 : 1);
    return fits ? [] : [wrong(['failures', index, 'when'], value(when), saying('config.expects_condition'))];
  });

/** Patterns at both ends may well fit one entity, which is then left out; an entity named twice is a mistake. */
const otherEnds: Check = ({ topology }) =>
  (topology ?? []).flatMap(({ from, to }, index) =>
    from === to && !/[*?]/.test(from)
      ? [wrong(['topology', index, 'to'], value(to), saying('config.expects_other_end'))]
      : [],
  );

/** Names of headers and arguments that hold secrets; the same idea as the redaction lists of log libraries. */
const SECRET_NAME = /authorization|token|secret|password|passwd|cookie|api[-_]?key/i;

/** Visits every text inside the arguments of an action. */
function texts(found: unknown, path: Path): readonly { readonly text: string; readonly path: Path }[] {
  if (typeof found === 'string') return [{ text: found, path }];
  if (Array.isArray(found)) return found.flatMap((item, index) => texts(item, [...path, index]));
  if (typeof found !== 'object' || found === null) return [];
  return Object.entries(found).flatMap(([name, child]) => texts(child, [...path, name]));
}

/** A program that no list allows, or that a label would choose. */
function programProblems(program: unknown, programs: readonly string[] | undefined, path: Path): readonly Problem[] {
  if (typeof program !== 'string') return [];
  const allowed =
    programs === undefined
      ? !/[{}]/.test(program)
      : programs.some((pattern) => pattern === program || matchesPattern(pattern, program));
  return allowed ? [] : [wrong(path, value(program), saying('config.expects_program'))];
}

/** The one thing that these cannot be told to do anything without. */
const NEEDED: Readonly<Record<string, string>> = { docker: 'container', systemd: 'unit' };

/** What an executor that ships with the product cannot do without. */
function neededArguments(
  { executor, args = {} }: NonNullable<Root['actions']>[number],
  programs: readonly string[] | undefined,
  at: Path,
): readonly Problem[] {
  const { argv, url } = args;
  if (executor === 'webhook' && typeof url !== 'string')
    return [wrong(at, value(args), saying('config.expects_webhook_args'))];
  const needed = NEEDED[executor];
  if (needed !== undefined && typeof args[needed] !== 'string')
    return [wrong(at, value(args), saying('config.expects_argument', { name: needed }))];
  if (executor !== 'command') return [];
  const runnable = Array.isArray(argv) && argv.length > 0 && argv.every((part) => typeof part === 'string');
  if (!runnable) return [wrong(at, value(args), saying('config.expects_command_args'))];
  return programProblems(argv[0], programs, [...at, 'argv', 0]);
}

const actionArguments: Check = ({ actions, act }, sources) =>
  (actions ?? []).flatMap((action, index) => {
    const at: Path = ['actions', index, 'args'];
    const problems = Array.from(neededArguments(action, act?.command?.programs, at));
    for (const { text, path } of texts(action.args ?? {}, at)) {
      if (SECRET_NAME.test(String(path.at(-1))) && !REFERENCE.test(text)) {
        problems.push(wrong(path, saying('config.found_literal_secret'), saying('config.expects_secret')));
      }
      const looked = resolveReferences(text, sources);
      if ('found' in looked) problems.push(wrong(path, looked.found, looked.expected));
    }
    return problems;
  });

const isSecret = (node: SchemaNode): boolean => node.expects?.startsWith('secret') === true;

const secretsThere: Check = (root, sources) => {
  const problems: Problem[] = [];
  walk(root, (found, node, path) => {
    if (!isSecret(node) || typeof found !== 'string') return found;
    const looked = resolveReferences(found, sources);
    if ('found' in looked) problems.push(wrong(path, looked.found, looked.expected));
    return found;
  });
  return problems;
};

const checks: readonly Check[] = [
  lengthsAndSizes,
  timezones,
  uniqueNames,
  collectNames,
  timeouts,
  ({ collect }) => scrapeProblems(collect?.scrape ?? []),
  ({ collect }) => syslogProblems(collect?.syslog ?? []),
  ({ actions }) => kubernetesProblems(actions ?? []),
  limitBounds,
  otherEnds,
  failureConditions,
  actionArguments,
  catalogueProblems,
  notifyProblems,
  secretsThere,
];

/** Every mistake of meaning in a value that fits the schema. */
export const checkMeaning: Check = (root, sources) => checks.flatMap((check) => check(root, sources));

/** A checked value with its secrets in the place of the references. */
export const placeSecrets = (root: unknown, sources: SecretSources): unknown =>
  walk(root, (found, node) => {
    if (!isSecret(node) || typeof found !== 'string') return found;
    const looked = (node.expects === 'secret_url' ? resolveAddress : resolveReferences)(found, sources);
    return 'text' in looked ? looked.text : found;
  });
