import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { DetectorFactory } from '../model/detector.ts';
import { toError, VigiaError } from '../runtime/errors.ts';
import type { MemberFactory } from './ensemble/member.ts';

/** What a package brings under its name: the export, and the functions that it must have. */
const EXPORTS = {
  member: ['fit', 'load'],
  detector: ['create', 'fromJSON'],
} as const;

interface Brought {
  readonly member: MemberFactory;
  readonly detector: DetectorFactory;
}

/** A loaded extension, with the address from which another thread loads it too. */
export interface Extension<T> {
  readonly url: string;
  readonly factory: T;
}

/** All that a configuration asks for. */
export interface DetectExtensions {
  readonly members: readonly Extension<MemberFactory>[];
  readonly detector: Extension<DetectorFactory> | null;
}

/** Where a package is: as Node finds it from the folder of the configuration, then from Vigía's own. */
function addressOf(name: string, folder: string): string {
  try {
    return pathToFileURL(createRequire(pathToFileURL(join(folder, 'vigia.yaml'))).resolve(name)).href;
  } catch (error) {
    if (name.startsWith('.') || name.startsWith('/')) throw error;
    return import.meta.resolve(name);
  }
}

/** Loads what is at an address that `loadExtension` gave. */
export async function importExtension<K extends keyof Brought>(url: string, what: K): Promise<Brought[K]> {
  const module = (await import(url)) as Readonly<Record<string, unknown>>;
  const brought = module[what] as Readonly<Record<string, unknown>> | undefined;
  const lacks = ['kind', ...EXPORTS[what]].find(
    (key) => typeof brought?.[key] !== (key === 'kind' ? 'string' : 'function'),
  );
  if (lacks !== undefined) throw new TypeError(`it has no export \`${what}\` with \`${lacks}\``);
  return brought as unknown as Brought[K];
}

/**
 * Loads a package that brings a member of the ensemble (export `member`) or a detector (export `detector`). `name` is
 * that of an installed package, or a path from `folder`. Throws `EXTENSION_INVALID`.
 */
async function loadExtension<K extends keyof Brought>(
  name: string,
  what: K,
  folder: string,
): Promise<Extension<Brought[K]>> {
  try {
    const url = addressOf(name, folder);
    return { url, factory: await importExtension(url, what) };
  } catch (error) {
    throw new VigiaError('EXTENSION_INVALID', { name, reason: toError(error).message.split('\n', 1)[0] ?? '' });
  }
}

/** Loads every package that the configuration names; paths begin at `folder`. Throws `EXTENSION_INVALID`. */
export async function loadDetectExtensions(
  asked: {
    readonly members: readonly { readonly package: string }[];
    readonly detector?: { readonly package: string };
  },
  folder: string,
): Promise<DetectExtensions> {
  const members: Extension<MemberFactory>[] = [];
  for (const member of asked.members) members.push(await loadExtension(member.package, 'member', folder));
  const detector =
    asked.detector === undefined ? null : await loadExtension(asked.detector.package, 'detector', folder);
  return { members, detector };
}
