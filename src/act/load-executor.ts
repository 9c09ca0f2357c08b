import type { Executor } from '../model/executor.ts';
import type { Clock } from '../runtime/clock.ts';
import { toError, VigiaError } from '../runtime/errors.ts';
import { packageAddress } from '../runtime/package-address.ts';
import type { RevealSecret } from './executors/secrets.ts';

/** What an executor of a package is given. */
export interface ExecutorTools {
  readonly clock: Clock;
  readonly secret: RevealSecret;
}

type CreateExecutor = (tools: ExecutorTools) => Executor;

async function load(name: string, folder: string): Promise<CreateExecutor> {
  try {
    const module = (await import(packageAddress(name, folder))) as Readonly<Record<string, unknown>>;
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
