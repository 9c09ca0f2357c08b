import { readFileSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { Value } from 'typebox/value';
import { toError } from '../runtime/errors.ts';
import { applyEnvironment, type Environment } from './environment.ts';
import { expandTemplates } from './action-templates.ts';
import { checkMeaning, placeSecrets } from './meaning.ts';
import { type Mistake, saying } from './mistake.ts';
import { type Config, ConfigSchema } from './schema.ts';
import { spell, walk } from './schema-node.ts';
import { type Problem, validate } from './validate.ts';
import { MAX_FILE_BYTES, readYaml, type YamlSource } from './yaml-source.ts';

export type Loaded =
  | { readonly ok: true; readonly config: Config }
  | { readonly ok: false; readonly mistakes: readonly Mistake[] };

const unreadable = (file: string, found: Mistake['found'], expected: Mistake['expected']): Loaded => ({
  ok: false,
  mistakes: [{ file, line: null, path: '', found, expected }],
});

/** A section or setting that is there but empty counts as left out, as when all its lines are comments. */
const dropEmpty = (value: unknown): unknown =>
  walk(value, (found, node) => {
    if (typeof found !== 'object' || found === null || Array.isArray(found)) return found;
    const known = node.properties ?? {};
    return Object.fromEntries(
      Object.entries(found).filter(([name, child]) => child !== null || !Object.hasOwn(known, name)),
    );
  });

/** Reads a configuration from its text; an empty one is all defaults. Never throws for what the text holds. */
export function parseConfig(
  text: string,
  options: { readonly file: string; readonly environment: Environment; readonly folder: string },
): Loaded {
  const source = readYaml(text, options.file);
  if (!('lineOf' in source)) return { ok: false, mistakes: source };
  const { value: written, from } = applyEnvironment(dropEmpty(source.value), options.environment);
  const value = expandTemplates(written);
  const place = (problems: readonly Problem[]): readonly Mistake[] =>
    problems.map((problem) => placed(problem, { source, from, file: options.file }));

  const shape = validate(value);
  if (shape.length > 0) return { ok: false, mistakes: place(shape) };
  const problems = checkMeaning(value as object, options);
  if (problems.length > 0) return { ok: false, mistakes: place(problems) };
  const config = Value.Decode(ConfigSchema, Value.Default(ConfigSchema, value));
  return { ok: true, config: placeSecrets(config, options) as Config };
}

/** Where a problem stands: in the environment when a variable set it or a part above it, else in the file. */
function placed(
  problem: Problem,
  where: { readonly source: YamlSource; readonly from: ReadonlyMap<string, string>; readonly file: string },
): Mistake {
  const names = problem.path.map((_, index) => where.from.get(problem.path.slice(0, index + 1).join('.')));
  const variable = names.find((name) => name !== undefined);
  const { found, expected } = problem;
  return {
    file: variable ?? where.file,
    line: variable === undefined ? where.source.lineOf(problem.path, problem.part) : null,
    path: spell(problem.path),
    found,
    expected,
  };
}

/** Reads the configuration file; without one, the defaults and the environment. */
export function loadConfig(file: string | null, environment: Environment): Loaded {
  if (file === null) return parseConfig('', { file: 'vigia.yaml', environment, folder: process.cwd() });
  try {
    const bytes = statSync(file).size;
    if (bytes > MAX_FILE_BYTES) {
      const expected = saying('config.expects_small_file', { limit: MAX_FILE_BYTES });
      return unreadable(file, saying('config.found_large_file', { bytes }), expected);
    }
    return parseConfig(readFileSync(file, 'utf8'), { file, environment, folder: dirname(resolve(file)) });
  } catch (error) {
    const detail = (error as NodeJS.ErrnoException).code ?? toError(error).message;
    const found = saying('config.found_unreadable_file', { detail });
    return unreadable(file, found, saying('config.expects_readable_file'));
  }
}
