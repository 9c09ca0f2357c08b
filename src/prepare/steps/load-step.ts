import type { Json } from '../../model/detector.ts';
import type { PreparationStep, PreparationStepFactory } from '../../model/preparation.ts';
import { toError, VigiaError } from '../../runtime/errors.ts';
import { stableId } from '../../runtime/ids.ts';
import { packageAddress } from '../../runtime/package-address.ts';

const NAME = /^[a-z][a-z0-9-]{0,39}$/;

/** A step of a package as the configuration asks for it. */
export interface AskedStep {
  readonly package: string;
  readonly options: Readonly<Record<string, unknown>>;
}

async function load({ package: name, options }: AskedStep, folder: string): Promise<PreparationStep> {
  const module = (await import(packageAddress(name, folder))) as Readonly<Record<string, unknown>>;
  const factory = module['step'] as Partial<PreparationStepFactory> | undefined;
  if (typeof factory?.kind !== 'string') throw new TypeError('it has no export `step` with `kind`');
  if (typeof factory.create !== 'function') throw new TypeError('it has no export `step` with `create`');
  const step = factory.create(options as Readonly<Record<string, Json>>);
  if (!NAME.test(step.name)) throw new TypeError(`its name \`${step.name}\` is not made of a-z, 0-9 and -`);
  // Options belong to the version, whether or not the package thought of it.
  return {
    name: step.name,
    version: stableId('step', step.name, step.version, JSON.stringify(options)),
    prepare: (series, entity) => step.prepare(series, entity),
  };
}

/**
 * Loads every package that brings a step of preparation (export `step`); `package` is the name of an installed one, or a
 * path from `folder`. Throws `EXTENSION_INVALID`.
 */
export async function loadSteps(asked: readonly AskedStep[], folder: string): Promise<readonly PreparationStep[]> {
  const found: PreparationStep[] = [];
  for (const one of asked) {
    try {
      const step = await load(one, folder);
      if (found.some(({ name }) => name === step.name)) throw new TypeError(`\`${step.name}\` is there twice`);
      found.push(step);
    } catch (error) {
      const reason = toError(error).message.split('\n', 1)[0] ?? '';
      throw new VigiaError('EXTENSION_INVALID', { name: one.package, reason });
    }
  }
  return found;
}
