import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Executor } from '../model/executor.ts';
import type { Clock } from '../runtime/clock.ts';
import { toError, VigiaError } from '../runtime/errors.ts';
import type { RevealSecret } from './executors/secrets.ts';

/** What an executor of a package is given. */
export interface ExecutorTools {
  readonly clock: Clock;
  readonly secret: RevealSecret;
}

type CreateExecutor = (tools: ExecutorTools) => Executor;

/** Where a package is: as Node finds it from the folder of the configuration, then from Vigía's own. */
function addressOf(name: string, folder: string): string {
  try {
    return pathToFileURL(createRequire(pathToFileURL(join(folder, 'vigia.yaml'))).resolve(name)).href;
  } catch (error) {
    if (name.startsWith('.') || name.startsWith('/')) throw error;
    return import.meta.resolve(name);
  }
}

async function load(name: string, folder: string): Promise<CreateExecutor> {
  try {
    const module = (await import(addressOf(name, folder))) as Readonly<Record<string, unknown>>;
    const { createExecutor } = module;
    if (typeof createExecutor !== 'function') throw new TypeError('it has no export `createExecutor`');
    return createExecutor as CreateExecutor;
  } catch (error) {
    throw new VigiaError('EXTENSION_INVALID', { name, reason: toError(error).message.split('\n', 1)[0] ?? '' });
  }
}

/**
 * Loads every package that brings an executor (export `createExecutor`); `package` is the name of an installed one, or a
 * path from `folder`. Throws `EXTENSION_INVALID`.
 */
export async function loadExecutors(
  asked: readonly { readonly package: string }[],
  folder: string,
): Promise<readonly CreateExecutor[]> {
  const found: CreateExecutor[] = [];
  for (const one of asked) found.push(await load(one.package, folder));
  return found;
}
