import type { FailurePredictorFactory } from '../model/predictor.ts';
import { toError, VigiaError } from '../runtime/errors.ts';
import { packageAddress } from '../runtime/package-address.ts';

/** A predictor of a package, with the address from which the thread that trains loads it too. */
export interface BroughtPredictor {
  readonly url: string;
  readonly factory: FailurePredictorFactory;
}

const NEEDED = { kind: 'string', fit: 'function', load: 'function' } as const;

/** Loads what is at an address that `loadPredictors` gave. */
export async function importPredictor(url: string): Promise<FailurePredictorFactory> {
  const module = (await import(url)) as Readonly<Record<string, unknown>>;
  const brought = module['predictor'] as Readonly<Record<string, unknown>> | undefined;
  const lacks = Object.entries(NEEDED).find(([key, type]) => typeof brought?.[key] !== type);
  if (lacks !== undefined) throw new TypeError(`it has no export \`predictor\` with \`${lacks[0]}\``);
  return brought as unknown as FailurePredictorFactory;
}

/**
 * Loads every package that brings a predictor (export `predictor`); `package` is the name of an installed one, or a path
 * from `folder`. Throws `EXTENSION_INVALID`.
 */
export async function loadPredictors(
  asked: readonly { readonly package: string }[],
  folder: string,
): Promise<readonly BroughtPredictor[]> {
  const found: BroughtPredictor[] = [];
  for (const { package: name } of asked) {
    try {
      const url = packageAddress(name, folder);
      const factory = await importPredictor(url);
      if (found.some((other) => other.factory.kind === factory.kind))
        throw new TypeError(`\`${factory.kind}\` is there twice`);
      found.push({ url, factory });
    } catch (error) {
      throw new VigiaError('EXTENSION_INVALID', { name, reason: toError(error).message.split('\n', 1)[0] ?? '' });
    }
  }
  return found;
}
