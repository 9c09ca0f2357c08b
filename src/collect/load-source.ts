import type { Json } from '../model/detector.ts';
import type { SourceFactory, SourceTools } from '../model/source.ts';
import { toError, VigiaError } from '../runtime/errors.ts';
import { packageAddress } from '../runtime/package-address.ts';
import type { NamedSource } from './brought-source.ts';

/** A source of a package as the configuration asks for it. */
export interface AskedSource {
  readonly name: string;
  readonly package: string;
  readonly options: Readonly<Record<string, unknown>>;
}

/**
 * Loads every package that brings a source (export `source`); `package` is the name of an installed one, or a path from
 * `folder`. Throws `EXTENSION_INVALID`.
 */
export async function loadSources(
  asked: readonly AskedSource[],
  folder: string,
  tools: SourceTools,
): Promise<readonly NamedSource[]> {
  const found: NamedSource[] = [];
  for (const { name, package: from, options } of asked) {
    try {
      const module = (await import(packageAddress(from, folder))) as Readonly<Record<string, unknown>>;
      const factory = module['source'] as Partial<SourceFactory> | undefined;
      if (typeof factory?.kind !== 'string') throw new TypeError('it has no export `source` with `kind`');
      if (typeof factory.create !== 'function') throw new TypeError('it has no export `source` with `create`');
      const source = factory.create(options as Readonly<Record<string, Json>>, tools);
      if (typeof source.run !== 'function') throw new TypeError('its source has no `run`');
      found.push({ name, source });
    } catch (error) {
      throw new VigiaError('EXTENSION_INVALID', { name: from, reason: toError(error).message.split('\n', 1)[0] ?? '' });
    }
  }
  return found;
}
