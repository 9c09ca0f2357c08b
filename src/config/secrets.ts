import { readFileSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Phrase } from '../model/phrase.ts';
import { toError } from '../runtime/errors.ts';
import type { Environment } from './environment.ts';
import { saying } from './mistake.ts';
import { REFERENCE } from './units.ts';

/** A token or password file has one line; more is the wrong file. */
const MAX_SECRET_BYTES = 65_536;

/** Where references are looked up. */
export interface SecretSources {
  readonly environment: Environment;
  /** Folder that relative paths start from: that of the configuration file. */
  readonly folder: string;
}

type Looked = { readonly text: string } | { readonly found: Phrase; readonly expected: Phrase };

function lookUp(kind: string, name: string, { environment, folder }: SecretSources): Looked {
  if (kind === 'env') {
    const text = environment[name];
    if (text !== undefined && text !== '') return { text };
    return { found: saying('config.found_unset_variable', { name }), expected: saying('config.expects_set_variable') };
  }
  try {
    const path = resolve(folder, name);
    if (statSync(path).size > MAX_SECRET_BYTES) throw new RangeError(`more than ${MAX_SECRET_BYTES} bytes`);
    // Editors and `echo` end a file with a line feed, which is never part of a secret.
    return { text: readFileSync(path, 'utf8').replace(/\r?\n$/, '') };
  } catch (error) {
    const detail = (error as NodeJS.ErrnoException).code ?? toError(error).message;
    return {
      found: saying('config.found_unreadable_secret', { name, detail }),
      expected: saying('config.expects_readable_file'),
    };
  }
}

/** Puts the secrets in the place of every reference in a text, or says what is missing. */
export function resolveReferences(
  text: string,
  sources: SecretSources,
  spell: (secret: string) => string = (secret) => secret,
): Looked {
  const parts: string[] = [];
  let rest = text;
  for (let match = REFERENCE.exec(rest); match !== null; match = REFERENCE.exec(rest)) {
    const looked = lookUp(match[1]!, match[2]!, sources);
    if ('found' in looked) return looked;
    parts.push(rest.slice(0, match.index), spell(looked.text));
    rest = rest.slice(match.index + match[0].length);
  }
  return { text: parts.join('') + rest };
}

/** The same of an address: a secret that is a part of it is spelt as addresses spell it, one that is all of it as it is. */
export const resolveAddress = (text: string, sources: SecretSources): Looked =>
  resolveReferences(text, sources, REFERENCE.exec(text)?.[0] === text ? undefined : encodeURIComponent);

/** Looks up one reference when it is needed, so that a file may be renewed meanwhile; null when there is nothing. */
export const createReveal =
  (sources: SecretSources) =>
  (reference: string): string | null => {
    const match = REFERENCE.exec(reference);
    const looked = match?.[0] === reference ? lookUp(match[1]!, match[2]!, sources) : null;
    return looked !== null && 'text' in looked ? looked.text : null;
  };
