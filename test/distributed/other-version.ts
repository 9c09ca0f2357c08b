import { cpSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { mainFile, temporaryFolder } from '../system/vigia.ts';

/** The built program as another release would have it: what it calls itself, what it reads, what it writes. */
export function buildVersion(
  release: string,
  encoding: { readonly writes: string; readonly reads: readonly string[] },
): string {
  const dist = dirname(process.env['VIGIA_TEST_MAIN'] ?? mainFile);
  const folder = temporaryFolder();
  cpSync(dist, join(folder, 'dist'), { recursive: true });
  symlinkSync(join(process.cwd(), 'node_modules'), join(folder, 'node_modules'));
  const about = JSON.parse(readFileSync('package.json', 'utf8')) as object;
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ ...about, version: release }));
  const file = join(folder, 'dist/bus/encoding/encoding.js');
  let text = readFileSync(file, 'utf8');
  for (const [from, to] of [
    ["const VERSION = '1'", `const VERSION = '${encoding.writes}'`],
    ['const READS = [VERSION]', `const READS = ${JSON.stringify(encoding.reads)}`],
  ] as const) {
    if (!text.includes(from)) throw new Error(`${file} does not say ${from}`);
    text = text.replace(from, to);
  }
  writeFileSync(file, text);
  return join(folder, 'dist/main.js');
}
