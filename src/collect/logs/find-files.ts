import { stat } from 'node:fs/promises';
import { glob } from 'tinyglobby';

/** A file that is there. */
export interface FoundFile {
  readonly path: string;
  /** Device and inode. */
  readonly file: string;
  readonly size: number;
  /** Unix ms. */
  readonly changedAt: number;
}

/** Files asked about at the same time. */
const AT_ONCE = 32;

/** The files that patterns of absolute paths name, each once, by path. Those that vanish meanwhile are left out. */
export async function findFiles(patterns: readonly string[]): Promise<readonly FoundFile[]> {
  const paths = await glob([...patterns], { absolute: true, onlyFiles: true, dot: true, expandDirectories: false });
  paths.sort();
  const found = new Map<string, FoundFile>();
  for (let at = 0; at < paths.length; at += AT_ONCE) {
    const some = await Promise.all(paths.slice(at, at + AT_ONCE).map(lookAt));
    for (const one of some) if (one !== null && !found.has(one.file)) found.set(one.file, one);
  }
  return [...found.values()];
}

/** What is at a path now; null when there is nothing that can be asked about. */
export async function lookAt(path: string): Promise<FoundFile | null> {
  try {
    const { dev, ino, size, mtimeMs } = await stat(path);
    return { path, file: `${dev}:${ino}`, size, changedAt: mtimeMs };
  } catch {
    return null;
  }
}
