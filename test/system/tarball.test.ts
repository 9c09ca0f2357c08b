import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { EntityView } from '../../src/api/contract/views.ts';
import { cleanUp, eventually, startVigia, temporaryFolder } from './vigia.ts';

const root = resolve(import.meta.dirname, '../..');

describe('the packed tarball', () => {
  afterAll(cleanUp);

  it('installs without scripts into an empty folder, starts there and watches the host', async () => {
    const folder = temporaryFolder();
    execFileSync('npm', ['pack', '--ignore-scripts', '--pack-destination', folder], { cwd: root, stdio: 'ignore' });
    const tarball = readdirSync(folder).find((name) => name.endsWith('.tgz'));
    if (!tarball) throw new Error('npm pack made nothing');
    execFileSync('npm', ['init', '-y'], { cwd: folder, stdio: 'ignore' });
    execFileSync('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', `./${tarball}`], {
      cwd: folder,
      stdio: 'ignore',
    });
    const main = join(folder, 'node_modules/vigia/dist/main.js');
    expect(existsSync(join(folder, 'node_modules/.bin/vigia'))).toBe(true);

    const vigia = await startVigia({ main });
    const entity = await eventually('the host is known', 60_000, async () => {
      const { items } = await vigia.get<{ items: EntityView[] }>('/api/v1/entities');
      return items.find(({ kind }) => kind === 'host');
    });
    expect(entity.id).toMatch(/^host\//);
    const page = await fetch(`${vigia.url}/`);
    expect(page.headers.get('content-type')).toContain('text/html');
    expect(await vigia.stop()).toBe(0);
  });
});
