import type { PolicyFactory } from '../model/policy.ts';
import { toError, VigiaError } from '../runtime/errors.ts';
import { packageAddress } from '../runtime/package-address.ts';

const isFactory = (found: unknown): found is PolicyFactory =>
  typeof found === 'object' &&
  found !== null &&
  ['fit', 'load'].every((name) => typeof (found as Record<string, unknown>)[name] === 'function') &&
  typeof (found as Record<string, unknown>)['kind'] === 'string';

async function load(name: string, folder: string): Promise<PolicyFactory> {
  try {
    const module = (await import(packageAddress(name, folder))) as Readonly<Record<string, unknown>>;
    if (!isFactory(module['policyFactory'])) throw new TypeError('it has no export `policyFactory`');
    return module['policyFactory'];
  } catch (error) {
    throw new VigiaError('EXTENSION_INVALID', { name, reason: toError(error).message.split('\n', 1)[0] ?? '' });
  }
}

/**
 * Loads every package that brings a policy (export `policyFactory`); `package` is the name of an installed one, or a path
 * from `folder`. Throws `EXTENSION_INVALID`.
 */
export async function loadPolicies(
  asked: readonly { readonly package: string }[],
  folder: string,
): Promise<readonly PolicyFactory[]> {
  const found: PolicyFactory[] = [];
  for (const one of asked) found.push(await load(one.package, folder));
  return found;
}
