import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** Where a package is: as Node finds it from the folder of the configuration, then from Vigía's own. Throws when it is nowhere. */
export function packageAddress(name: string, folder: string): string {
  try {
    return pathToFileURL(createRequire(pathToFileURL(join(folder, 'vigia.yaml'))).resolve(name)).href;
  } catch (error) {
    if (name.startsWith('.') || name.startsWith('/')) throw error;
    return import.meta.resolve(name);
  }
}
