import { type Document, isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml';
import { toError } from '../runtime/errors.ts';
import { type Mistake, saying } from './mistake.ts';

/** A configuration has at most some thousand lines; more is a mistake or an attack. */
export const MAX_FILE_BYTES = 1_048_576;
/** Aliases that one document may expand to, against files that grow without end. */
const MAX_ALIASES = 100;

/** A parsed file: its value, and the line of every place in it. */
export interface YamlSource {
  readonly value: unknown;
  /** Line of the value at the path, or of the key that leads to it; of the nearest place above when it is not there. */
  lineOf(path: readonly (string | number)[], part: 'key' | 'value'): number | null;
}

function resolved(node: unknown, document: Document): unknown {
  return isAlias(node) ? node.resolve(document) : node;
}

/** The node under one step, and the node whose position names the step. */
function descend(node: unknown, step: string | number): { readonly key: unknown; readonly value: unknown } | null {
  if (isSeq(node) && typeof step === 'number') {
    const item = node.items[step];
    return item === undefined ? null : { key: item, value: item };
  }
  if (!isMap(node)) return null;
  const pair = node.items.find(({ key }) => String(isScalar(key) ? key.value : key) === String(step));
  return pair === undefined ? null : { key: pair.key, value: pair.value };
}

function locate(document: Document, lines: LineCounter): YamlSource['lineOf'] {
  const lineAt = (node: unknown): number | null => {
    const start = (node as Node | null | undefined)?.range?.[0];
    return start === undefined ? null : lines.linePos(start).line;
  };
  return (path, part) => {
    let line = lineAt(document.contents);
    let node: unknown = document.contents;
    for (const [index, step] of path.entries()) {
      const found = descend(resolved(node, document), step);
      if (found === null) return line;
      const last = index === path.length - 1;
      line = (last && part === 'value' ? lineAt(found.value) : null) ?? lineAt(found.key) ?? line;
      node = found.value;
    }
    return line;
  };
}

/** Whether a value holds itself, which an alias inside its own anchor can bring about. */
function isCircular(value: unknown): boolean {
  try {
    JSON.stringify(value);
    return false;
  } catch {
    return true;
  }
}

/** Parses YAML 1.2. Gives back either the source or every mistake of syntax. Never throws, whatever the text. */
export function readYaml(text: string, file: string): YamlSource | readonly Mistake[] {
  const lines = new LineCounter();
  const wrong = (detail: string, line: number | null): Mistake => ({
    file,
    line,
    path: '',
    found: saying('config.found_syntax', { detail }),
    expected: saying('config.expects_yaml'),
  });
  try {
    const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, logLevel: 'error' });
    const problems = [...document.errors, ...document.warnings];
    if (problems.length > 0) {
      return problems.map((problem) => wrong(problem.message, lines.linePos(problem.pos[0]).line));
    }
    const value: unknown = document.toJS({ maxAliasCount: MAX_ALIASES });
    if (isCircular(value)) {
      return [{ ...wrong('', 1), found: saying('config.found_circular') }];
    }
    return { value: value ?? {}, lineOf: locate(document, lines) };
  } catch (error) {
    // Too many aliases, or nested deeper than the stack.
    return [wrong(toError(error).message, null)];
  }
}
