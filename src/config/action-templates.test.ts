import { describe, expect, test } from 'vitest';
import { createText } from '../text/text.ts';
import { actionDefinitions, commandBounds } from './action-definitions.ts';
import { TEMPLATE_NAMES } from './action-templates.ts';
import { parseConfig } from './load-config.ts';
import { describeMistakes } from './mistake.ts';

const CHANNEL = 'notify: {channels: [{name: ops, kind: webhook, url: "http://h.example/"}]}\n';
const load = (text: string) => parseConfig(text, { file: 'vigia.yaml', environment: {}, folder: '/nowhere' });
const good = (text: string) => {
  const loaded = load(text);
  if (!loaded.ok) throw new Error(describeMistakes(loaded.mistakes, createText()('en')));
  return actionDefinitions(loaded.config);
};
const bad = (text: string): readonly string[] => {
  const loaded = load(text);
  return loaded.ok ? [] : describeMistakes(loaded.mistakes, createText()('en')).split('\n');
};

/** What the owner has to say beside the name. */
const NEEDED: Readonly<Record<string, string>> = {
  'tell-somebody': '{channel: ops}',
  'call-webhook': '{url: "http://h.example/"}',
};

describe('actions that ship with the product', () => {
  test('there is one for each executor that ships with it', () => {
    const executors = TEMPLATE_NAMES.map((name) => {
      const [action] = good(`${CHANNEL}actions:\n  - {template: ${name}, args: ${NEEDED[name] ?? '{}'}}\n`);
      return action!.executor;
    });
    const all = ['command', 'docker', 'kubernetes', 'notify', 'systemd', 'webhook'];
    expect([...new Set(executors)].toSorted()).toEqual(all);
  });

  test.each(TEMPLATE_NAMES)('%s is switched on by its name, in both languages, and does nothing by itself', (name) => {
    const args = NEEDED[name] === undefined ? '' : `, args: ${NEEDED[name]}`;
    const [action, ...others] = good(`${CHANNEL}actions:\n  - {template: ${name}${args}}\n`);
    expect(others).toEqual([]);
    expect(action).toMatchObject({ id: name, mode: 'suggest' });
    expect(action!.title.en).not.toBe(action!.title.es);
    expect(action!.settleMs).toBeGreaterThanOrEqual(60_000);
    expect(action!.cooldownMs).toBeGreaterThanOrEqual(action!.settleMs);
  });

  test('what the owner writes beside it wins, part by part', () => {
    const [action] = good(
      'actions:\n  - {template: restart-unit, id: restart-web, mode: approve, args: {unit: web.service}, match: {features: ["http_*"]}, cooldown: 1h}\n',
    );
    expect(action).toMatchObject({
      id: 'restart-web',
      mode: 'approve',
      executor: 'systemd',
      args: { unit: 'web.service' },
      match: { entityKinds: ['unit', 'service'], features: ['http_*'] },
      cooldownMs: 3_600_000,
      settleMs: 180_000,
    });
  });

  test('may be taken more than once under names of their own, and undo each other', () => {
    const actions = good(
      'actions:\n  - {template: scale-out-deployment, rollback: in}\n  - {template: scale-out-deployment, id: in, args: {by: -1}}\n',
    );
    expect(actions.map(({ id, args }) => [id, args['by']])).toEqual([
      ['scale-out-deployment', 1],
      ['in', -1],
    ]);
  });

  test('that nobody ships are refused in one line, as is a channel that is missing', () => {
    expect(bad('actions:\n  - {template: restart-contaner}\n')).toEqual([
      'vigia.yaml:2: actions[0].template: found "restart-contaner"; did you mean "restart-container"?',
    ]);
    expect(bad('actions:\n  - {template: tell-somebody}\n')).toHaveLength(1);
    expect(bad('actions:\n  - {template: call-webhook}\n')).toHaveLength(1);
    expect(bad('actions:\n  - {template: 3}\n')).toHaveLength(1);
  });
});

describe('the catalogue refuses', () => {
  const entry = (more: string) =>
    `actions:\n  - {id: a, title: {en: A, es: A}, executor: command, args: {argv: [ls, "{labels.x:name}"]}, ${more}}\n`;

  test('a kind of failure that nobody has defined', () => {
    expect(bad(entry('match: {failureKinds: [capacity, crash]}'))).toEqual([
      'vigia.yaml:2: actions[0].match.failureKinds[1]: found "crash"; expected one of capacity',
    ]);
    const defined = 'failures: [{kind: crash, when: {event: oom_kill}}]\n';
    expect(bad(defined + entry('match: {failureKinds: [crash]}'))).toEqual([]);
  });

  test('acting alone on what is of high risk', () => {
    expect(bad(entry('risk: high, mode: auto'))).toEqual([
      'vigia.yaml:2: actions[0].mode: found "auto"; expected approve at most, as its risk is high',
    ]);
    expect(bad(entry('risk: high, upTo: auto'))).toHaveLength(1);
    expect(bad(entry('risk: high, mode: approve'))).toEqual([]);
  });

  test.each([
    ['docker', 'container'],
    ['systemd', 'unit'],
  ])('an action of %s that does not say which %s', (executor, name) => {
    const written = (args: string) =>
      `actions:\n  - {id: a, title: {en: A, es: A}, executor: ${executor}, args: ${args}}\n`;
    expect(bad(written('{graceSeconds: 3}'))).toEqual([
      `vigia.yaml:2: actions[0].args: found {"graceSeconds":3}; expected args.${name}`,
    ]);
    expect(bad(written(`{${name}: web}`))).toEqual([]);
  });

  test('a placeholder of a type that there is not', () => {
    expect(bad(entry('mode: suggest').replace('x:name', 'x:word'))).toEqual([
      'vigia.yaml:2: actions[0].args.argv[1]: found "{labels.x:word}"; expected one of these after the colon: name, number, path, host',
    ]);
  });
});

describe('programs', () => {
  const run = (argv: string, more = '') =>
    `${more}actions:\n  - {id: a, title: {en: A, es: A}, executor: command, args: {argv: ${argv}}}\n`;
  const bounds = (text: string) => {
    const loaded = load(text);
    if (!loaded.ok) throw new Error(describeMistakes(loaded.mistakes, createText()('en')));
    return commandBounds(loaded.config);
  };

  test('are those that the catalogue writes out, unless a list says otherwise', () => {
    expect(bounds(run('[ls, "{labels.x}"]')).programs).toEqual(['ls']);
    const more = 'act: {command: {programs: ["/opt/*"], user: act, memory: 256MiB, cpu: 10s}}\n';
    expect(bounds(run('["/opt/clean"]', more))).toEqual({
      programs: ['/opt/*'],
      user: 'act',
      memoryBytes: 256 * 2 ** 20,
      cpuMs: 10_000,
    });
  });

  test('that a label would choose, or that the list does not have, are refused in one line', () => {
    const expected = 'expected a program that act.command.programs allows, or one that is written out';
    expect(bad(run('["{labels.x}", a]'))).toEqual([
      `vigia.yaml:2: actions[0].args.argv[0]: found "{labels.x}"; ${expected}`,
    ]);
    expect(bad(run('[ls]', 'act: {command: {programs: [cat]}}\n'))).toEqual([
      `vigia.yaml:3: actions[0].args.argv[0]: found "ls"; ${expected}`,
    ]);
  });
});
