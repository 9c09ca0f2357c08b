import { expect, it } from 'vitest';
import { vigiaConfig } from './arms/vigia-config.ts';
import { loadConfig } from '../src/config/load-config.ts';
import type { LabProgram } from '../src/commands/lab.ts';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as program from './lab.ts';
import { FAULTS } from './fault-catalogue.ts';
import { ACTION_TARGET, FAULT_KINDS, LAB_ACTIONS } from './world.ts';

it('is what the command line takes it for', () => {
  const seen: LabProgram = program;
  expect(seen.faultKinds).toEqual(FAULT_KINDS);
});

it('every fault can be cured, and nothing both helps and harms', () => {
  for (const kind of FAULT_KINDS) {
    const { helps, harms, at } = FAULTS[kind];
    expect(helps.length, kind).toBeGreaterThan(0);
    expect(
      helps.filter((action) => harms.includes(action)),
      kind,
    ).toEqual([]);
    const targets = helps.map((action) => ACTION_TARGET[action]);
    expect(targets, kind).toContain(at);
  }
});

it('gives Vigía a configuration that it takes, with every action in it', () => {
  const folder = mkdtempSync(join(tmpdir(), 'vigia-lab-config-'));
  try {
    const config = vigiaConfig({
      adminUrl: 'http://127.0.0.1:1',
      logFolder: folder,
      dataFolder: folder,
      port: 0,
      mode: 'auto',
      language: 'es',
      policyFile: join(folder, 'policy'),
    });
    const file = join(folder, 'vigia.yaml');
    writeFileSync(file, JSON.stringify(config));
    const loaded = loadConfig(file, {});
    expect(loaded).toMatchObject({ ok: true });
    const actions = loaded.ok ? loaded.config.actions : [];
    expect(actions.map(({ id }) => id).toSorted()).toEqual([...LAB_ACTIONS].toSorted());
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
