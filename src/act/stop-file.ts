import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** A file of this name in the data folder is the kill switch of somebody who has a shell and no database. */
const STOP_FILE = 'STOP';
const STOP_VARIABLE = 'VIGIA_KILL';

/**
 * Whether the kill switch is on outside of the settings: by the environment that the process was started with, or by a
 * file. Asked each time something is decided, and each second while something runs.
 */
export const createStopFile = (folder: string, environment: Readonly<Record<string, string | undefined>>) => {
  const path = join(folder, STOP_FILE);
  const always = !['', '0', 'false', undefined].includes(environment[STOP_VARIABLE]);
  return (): boolean => always || existsSync(path);
};
