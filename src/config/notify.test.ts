import { describe, expect, test } from 'vitest';
import { createText } from '../text/text.ts';
import { channelsOf, dashboardAddress } from './channels.ts';
import { parseConfig } from './load-config.ts';
import { describeMistake } from './mistake.ts';

const environment = { SLACK: 'https://hooks.slack.example/1', PD: 'key', MAIL: 'password' };

const load = (text: string) => parseConfig(text, { file: 'vigia.yaml', environment, folder: '/nowhere' });
const bad = (text: string): readonly string[] => {
  const loaded = load(text);
  return loaded.ok ? [] : loaded.mistakes.map((mistake) => describeMistake(mistake, createText()('en')));
};
const channels = (...lines: readonly string[]): string =>
  ['notify:', '  channels:', ...lines.map((line) => `    - ${line}`), ''].join('\n');

describe('channels', () => {
  test('keep their references, and have defaults that page', () => {
    const loaded = load(
      channels(
        '{name: chat, kind: slack, url: "${env:SLACK}", approve: operator, language: es}',
        '{name: pager, kind: pagerduty, key: "${env:PD}", tell: [page], rate: 5 per hour, group: 1m}',
        '{name: mail, kind: email, mail: {host: h, from: a@b.example, to: [c@d.example], user: u, password: "${env:MAIL}"}}',
      ),
    );
    if (!loaded.ok) throw new Error(JSON.stringify(loaded.mistakes));
    const [chat, pager, mail] = channelsOf(loaded.config);
    expect(chat).toMatchObject({ url: '${env:SLACK}', approve: 'operator', language: 'es', groupMs: 10_000 });
    expect(chat?.tell).toContain('page');
    expect(pager).toMatchObject({ key: '${env:PD}', tell: ['page'], groupMs: 60_000, approve: null });
    expect(pager?.rate).toEqual({ count: 5, windowMs: 3_600_000 });
    expect(mail?.mail).toMatchObject({ port: 587, tls: true, password: '${env:MAIL}' });
    expect(dashboardAddress(loaded.config)).toBe('http://127.0.0.1:8440');
  });

  test.each([
    ['{name: a, kind: slack}', 'vigia.yaml:3: notify.channels[0]: found nothing; expected url here'],
    ['{name: a, kind: email}', 'vigia.yaml:3: notify.channels[0]: found nothing; expected mail here'],
    [
      '{name: a, kind: slack, url: "https://hooks.slack.example/secret"}',
      'vigia.yaml:3: notify.channels[0].url: found a secret that is written out; expected a reference to it: ${env:NAME} or ${file:path}',
    ],
    [
      '{name: a, kind: pagerduty, key: abc}',
      'vigia.yaml:3: notify.channels[0].key: found a secret that is written out; expected a reference to it: ${env:NAME} or ${file:path}',
    ],
    [
      '{name: a, kind: pagerduty, key: "${env:NONE}"}',
      'vigia.yaml:3: notify.channels[0].key: the environment variable NONE is not set; set it, or take the reference out',
    ],
    [
      '{name: a, kind: webhook, url: nowhere}',
      'vigia.yaml:3: notify.channels[0].url: found "nowhere"; expected an address such as http://127.0.0.1:9100/metrics',
    ],
    ['{name: a, kind: slak, url: x}', 'vigia.yaml:3: notify.channels[0].kind: found "slak"; did you mean "slack"?'],
  ])('%s is refused in one line', (line, message) => {
    expect(bad(channels(line))).toEqual([message]);
  });

  test('of one name, and actions that tell a channel nobody has, are refused', () => {
    const twice = '{name: a, kind: webhook, url: "http://h/"}';
    const action = 'actions:\n  - {id: call, title: {en: Call, es: Llamar}, executor: notify, args: {channel: b}}\n';
    expect(bad(`${channels(twice, twice)}${action}`)).toEqual([
      'vigia.yaml:4: notify.channels[1].name: found "a" a second time; expected a name of its own',
      'vigia.yaml:6: actions[0].args.channel: found "b"; expected args.channel, the name of a channel under `notify.channels`',
    ]);
  });
});
