import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ArmRecord } from './run-arm.ts';

const fileOf = (folder: string, { scenario, arm }: Pick<ArmRecord, 'scenario' | 'arm'>): string =>
  join(folder, `${scenario}-${arm}.json`);

/** How far an arm of this scenario and seed has come; `empty` where nothing was kept, or of another seed. */
export function readProgress(folder: string, empty: ArmRecord): ArmRecord {
  const file = fileOf(folder, empty);
  if (!existsSync(file)) return empty;
  const kept = JSON.parse(readFileSync(file, 'utf8')) as ArmRecord;
  return kept.seed === empty.seed && kept.scenario === empty.scenario ? kept : empty;
}

/** Under its final name only when complete, so that whoever breaks it off can go on. */
export function writeProgress(folder: string, record: ArmRecord): void {
  const file = fileOf(folder, record);
  writeFileSync(`${file}.part`, `${JSON.stringify(record, null, 2)}\n`);
  renameSync(`${file}.part`, file);
}
