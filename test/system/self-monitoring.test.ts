import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { findPrometheus, type Prometheus, PROMETHEUS_MISSING, startPrometheus } from './prometheus.ts';
import { cleanUp, type RunningVigia, startVigia, temporaryFolder } from './vigia.ts';

const deploy = new URL('../../deploy/', import.meta.url).pathname;
const rulesFile = join(deploy, 'prometheus/rules.yml');

interface Panel {
  readonly title: string;
  readonly targets?: readonly { readonly expr: string }[];
}

const dashboards = readdirSync(join(deploy, 'grafana/dashboards')).map((file) => {
  const text = readFileSync(join(deploy, 'grafana/dashboards', file), 'utf8');
  return { file, panels: (JSON.parse(text) as { readonly panels: readonly Panel[] }).panels };
});
const queries = dashboards.flatMap(({ file, panels }) =>
  panels.flatMap(({ title, targets = [] }) => targets.map(({ expr }) => [`${file}: ${title}`, expr] as const)),
);

const { groups } = parse(readFileSync(rulesFile, 'utf8')) as {
  readonly groups: readonly { readonly rules: readonly { record?: string; alert?: string; expr: string }[] }[];
};
const rules = groups.flatMap((group) => group.rules);
/** What an alert compares with its bound: it has to be there also where nothing is wrong. */
const compared = rules
  .filter(({ alert }) => alert !== undefined)
  .map(({ alert, expr }) => [alert!, expr.replace(/\s(==|>=?|<)\s[\d.]+$/, '')] as const);

type Vector = { readonly result: readonly { readonly value: readonly [number, string] }[] };

describe('Vigía, watched by a real Prometheus', () => {
  let vigia: RunningVigia;
  let prometheus: Prometheus | null = null;

  beforeAll(async () => {
    const program = findPrometheus();
    if (program === null) return;
    vigia = await startVigia({ config: { step: '1s' } });
    prometheus = await startPrometheus(program, join(temporaryFolder(), 'prometheus'), {
      global: { scrape_interval: '1s', evaluation_interval: '1s' },
      rule_files: [rulesFile],
      scrape_configs: [{ job_name: 'vigia', static_configs: [{ targets: [new URL(vigia.url).host] }] }],
    });
  });
  beforeEach((context) => {
    if (prometheus === null) context.skip(PROMETHEUS_MISSING);
  });
  afterAll(async () => {
    await prometheus?.stop();
    await vigia?.stop();
    cleanUp();
  });

  const ask = (query: string): Promise<Vector> => prometheus!.ask<Vector>('query', { query });
  const answers = (query: string) =>
    expect.poll(async () => (await ask(query)).result.length, { timeout: 60_000, interval: 1000 }).toBeGreaterThan(0);

  it('has figures of everything that the rules name', async () => {
    expect(compared.length).toBeGreaterThan(8);
    // A model in force is what a new installation does not have yet.
    for (const [, expr] of compared.filter(([alert]) => alert !== 'VigiaModelOld')) await answers(expr);
  });

  it('answers every query of every dashboard', async () => {
    expect(queries.length).toBeGreaterThan(40);
    for (const [, expr] of queries) await answers(expr);
  });

  it('keeps every rule running, and raises no alarm about a Vigía that is well', async () => {
    interface Told {
      readonly groups: readonly {
        readonly rules: readonly { readonly name: string; readonly health: string; readonly state?: string }[];
      }[];
    }
    const told = (await prometheus!.ask<Told>('rules')).groups.flatMap((group) => group.rules);
    expect(told).toHaveLength(rules.length);
    expect(told.filter(({ health }) => health !== 'ok')).toEqual([]);
    expect(told.filter(({ state }) => state === 'firing')).toEqual([]);
  });

  it('has rules that fire when they should, and else not', () => {
    const file = join(deploy, 'prometheus/rules.test.yml');
    expect(execFileSync('promtool', ['test', 'rules', file], { encoding: 'utf8' })).toContain('SUCCESS');
    const tried = readFileSync(file, 'utf8');
    expect(compared.map(([alert]) => alert).filter((alert) => !tried.includes(alert))).toEqual([]);
  });

  it('is found by the configuration that comes with it', () => {
    const file = join(deploy, 'prometheus/prometheus.yml');
    expect(execFileSync('promtool', ['check', 'config', file], { encoding: 'utf8' })).toContain('SUCCESS');
  });
});
