import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { afterAll, describe, expect, it } from 'vitest';
import type { WrittenDashboard } from './grafana-schema.ts';

const root = new URL('..', import.meta.url).pathname;
const deploy = join(root, 'deploy');
const dashboards = readdirSync(join(deploy, 'grafana/dashboards')).map((file) => {
  const text = readFileSync(join(deploy, 'grafana/dashboards', file), 'utf8');
  return { file, text, dashboard: JSON.parse(text) as WrittenDashboard };
});

const folder = mkdtempSync(join(tmpdir(), 'vigia-dashboards-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What the compiler says of JSON that is held against the schema, which Grafana publishes as types; empty when it fits. */
function misfits(json: string): readonly string[] {
  const file = join(folder, 'dashboard.mts');
  const type = JSON.stringify(join(root, 'test/grafana-schema.ts'));
  writeFileSync(
    file,
    `import type { WrittenDashboard } from ${type};\nexport const it = ${json.trim()} satisfies WrittenDashboard;\n`,
  );
  const compiler = join(root, 'node_modules/typescript/bin/tsc');
  const options = ['--ignoreConfig', '--noEmit', '--strict', '--skipLibCheck', '--allowImportingTsExtensions'];
  const { stdout, status } = spawnSync(
    process.execPath,
    [compiler, ...options, '--module', 'nodenext', '--target', 'es2023', file],
    { encoding: 'utf8', cwd: folder },
  );
  const said = stdout.trim().split('\n').filter(Boolean);
  if (status !== 0 && said.length === 0) throw new Error(`the compiler ended with ${status}`);
  return said;
}

describe('the dashboards', () => {
  it.each(dashboards)('$file is what the schema of Grafana takes', ({ text }) => {
    expect(misfits(text)).toEqual([]);
  });

  it.each([
    ['"mode": "palette-classic"', '"mode": "rainbow"'],
    ['"schemaVersion": 41', '"schemaVersion": "41"'],
    ['"type": "timeseries"', '"type": "graph"'],
    ['"showPoints": "never"', '"showPoints": "sometimes"'],
  ])('would be found out: %s as %s', (from, to) => {
    const { text } = dashboards.find(({ file }) => file === 'pipeline.json')!;
    expect(text).toContain(from);
    expect(misfits(text.replace(from, to)).join('\n')).toMatch(/error TS2\d+/);
  });

  it('have names of their own, panels that do not lie on each other, and the data source that comes with them', () => {
    expect(dashboards.map(({ file }) => file)).toEqual([
      'actions.json',
      'models.json',
      'overview.json',
      'pipeline.json',
    ]);
    expect(new Set(dashboards.map(({ dashboard }) => dashboard.uid)).size).toBe(dashboards.length);
    const provisioned = readFileSync(join(deploy, 'grafana/provisioning/datasources/prometheus.yaml'), 'utf8');
    const { datasources } = parse(provisioned) as { readonly datasources: readonly { type: string; uid: string }[] };
    const [{ type, uid }] = datasources as [{ type: string; uid: string }];
    for (const { file, dashboard } of dashboards) {
      const { panels } = dashboard;
      expect(new Set(panels.map(({ id }) => id)).size, file).toBe(panels.length);
      const taken = new Set<string>();
      let cells = 0;
      for (const panel of panels) {
        const { x, y, w, h } = panel.gridPos!;
        expect(x + w, panel.title).toBeLessThanOrEqual(24);
        for (let at = 0; at < w * h; at += 1) taken.add(`${x + (at % w)} ${y + Math.floor(at / w)}`);
        cells += w * h;
        const sources =
          panel.type === 'row' ? [] : [panel.datasource, ...panel.targets!.map((one) => one['datasource'])];
        for (const source of sources) expect(source, panel.title).toEqual({ type, uid });
      }
      expect(taken.size, file).toBe(cells);
    }
  });
});
