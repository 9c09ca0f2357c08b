import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** Where a package is: as Node finds it from the folder of the configuration, then from Vigía's own. Throws when it is nowhere. */
export function packageAddress(name: string, folder: string): string {
  const near = createRequire(pathToFileURL(join(folder, 'vigia.yaml')));
  try {
    return pathToFileURL(near.resolve(name)).href;
  } catch (error) {
    if (name.startsWith('.') || name.startsWith('/')) throw error;
    return forImport(name, near.resolve.paths(name) ?? []) ?? import.meta.resolve(name);
  }
}

/** What a package exports for `import` alone, which looking for it by `require` passes over; null where it is not there. */
function forImport(name: string, places: readonly string[]): string | null {
  for (const place of places) {
    const folder = join(place, name);
    try {
      const { exports } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { exports?: unknown };
      const path = exportedPath(exports);
      if (path !== null) return pathToFileURL(join(folder, path)).href;
    } catch {
      // Not in this place; the next one may have it.
    }
  }
  return null;
}

function exportedPath(exports: unknown): string | null {
  if (typeof exports === 'string') return exports;
  if (typeof exports !== 'object' || exports === null) return null;
  const { '.': main, import: imported, default: usual } = exports as Readonly<Record<string, unknown>>;
  return exportedPath(main ?? imported ?? usual ?? null);
}
