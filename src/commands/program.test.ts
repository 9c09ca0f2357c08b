import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { lockFolder } from '../store/folder-lock.ts';
import { createText } from '../text/text.ts';
import { isAtLeast } from './doctor-checks.ts';
import { runProgram } from './program.ts';
import { languageOf } from './terminal.ts';

const folder = mkdtempSync(join(tmpdir(), 'vigia-commands-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function vigia(argv: readonly string[], environment: Record<string, string> = {}) {
  const out: string[] = [];
  const err: string[] = [];
  const code = await runProgram(argv, '1.2.3', {
    environment: { PATH: process.env['PATH'], ...environment },
    folder,
    words: createText()(languageOf(environment)),
    print: (text) => out.push(text),
    complain: (text) => err.push(text),
  });
  return { code, out: out.join('\n'), err: err.join('\n') };
}

describe('the command line', () => {
  test.each([
    [['--no-such-option'], 'Unknown option --no-such-option. See `vigia --help`.'],
    [['check'], 'Something is missing after file. See `vigia check --help`.'],
    [['check', 'a', 'b'], 'Too many arguments. See `vigia check --help`.'],
    [['run', '--config'], 'Something is missing after -c, --config <file>. See `vigia run --help`.'],
    [['token', '--role', 'king'], 'There is no role king; there are viewer, operator and admin.'],
    [
      ['token', '--name', 'a b'],
      'The name a b is not one: letters, digits, dots, dashes and underscores, at most 100.',
    ],
  ])('%j is answered by one line and exit code 2', async (argv, line) => {
    expect(await vigia(argv)).toEqual({ code: 2, out: '', err: line });
  });

  test('speaks the language of its environment', async () => {
    const { err } = await vigia(['--none'], { LANG: 'es_ES.UTF-8' });
    expect(err).toBe('La opción --none no existe. Mira `vigia --help`.');
    expect([languageOf({ LANG: 'C' }), languageOf({ LANG: 'es', VIGIA_LANGUAGE: 'en' }), languageOf({})]).toEqual([
      'en',
      'en',
      'en',
    ]);
  });

  test('has help and a version', async () => {
    const { code, out } = await vigia(['--help']);
    expect(code).toBe(0);
    for (const command of ['run', 'check', 'doctor', 'token']) expect(out).toContain(command);
    expect(await vigia(['--version'])).toEqual({ code: 0, out: '1.2.3', err: '' });
  });
});

describe('check', () => {
  test('says what is good', async () => {
    const file = join(folder, 'good.yaml');
    writeFileSync(file, 'step: 15s\n');
    expect(await vigia(['check', file])).toEqual({ code: 0, out: `${file} is valid.`, err: '' });
  });

  test.each([['check'], ['run', '--config'], ['doctor', '--config']])(
    '%s says every mistake, and nothing starts',
    async (...command) => {
      const file = join(folder, 'bad.yaml');
      writeFileSync(file, 'step: soon\napi:\n  prot: 1\n');
      const { code, out, err } = await vigia([...command, file]);
      expect([code, out]).toEqual([2, '']);
      expect(err.split('\n')).toEqual([
        `${file} has 2 mistakes:`,
        `${file}:1: step: found "soon"; expected a length of time such as 500ms, 5s, 15m, 6h or 7d`,
        `${file}:3: api.prot: there is no such setting; did you mean "port"?`,
      ]);
    },
  );
});

test('token makes one that is never the same, and says what to do with it', async () => {
  const made = await Promise.all([1, 2].map(() => vigia(['token', '--name', 'ana', '--role', 'viewer'])));
  const tokens = made.map(({ out }) => /VIGIA_TOKEN_ANA=(vigia_[\w-]{43})\n/.exec(out)?.[1]);
  expect(tokens[0]).toBeDefined();
  expect(tokens[0]).not.toBe(tokens[1]);
  expect(made[0]?.out).toContain('{ name: ana, role: viewer, token: "${env:VIGIA_TOKEN_ANA}" }');
});

describe('doctor', () => {
  const config = (text: string): string => {
    const file = join(folder, 'doctor.yaml');
    writeFileSync(file, text);
    return file;
  };
  let port: number;
  const server = createServer((socket) => socket.destroy());
  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    ({ port } = server.address() as { port: number });
  });
  afterAll(() => server.close());

  test('finds everything in place', async () => {
    const data = join(folder, 'new');
    const { code, out } = await vigia(['doctor', '-c', config('api: {port: 0}\n')], { VIGIA_DATA: data });
    expect(out).toContain(`ok    Node ${process.versions.node}`);
    expect(out).toContain(`data folder ${data}: is made at the first start`);
    expect(out).toMatch(/this machine: \d+ series can be read/);
    expect(out).toContain('Everything that Vigía needs is there.');
    expect(code).toBe(0);
  });

  test('says what is in the way, and how to cure it', async () => {
    const data = join(folder, 'locked');
    const lock = await lockFolder(data);
    const file = config(
      [
        'store: {url: "postgres://vigia@127.0.0.1:1/vigia"}',
        'actions:',
        '  - {id: a, title: {en: A, es: A}, executor: command, args: {argv: [no-such-program]}}',
        '  - {id: b, title: {en: B, es: B}, executor: command, args: {argv: [node]}}',
      ].join('\n'),
    );
    const { code, out } = await vigia(['doctor', '-c', file], { VIGIA_DATA: data, VIGIA_API_PORT: String(port) });
    await lock.release();
    expect(code).toBe(1);
    const bad = out.split('\n').filter((line) => line.startsWith('BAD'));
    expect(bad[0]).toContain(`is in use by process ${process.pid}`);
    expect(bad[1]).toContain(`Port ${port} on 127.0.0.1 is in use.`);
    expect(bad[2]).toContain('The database cannot be reached');
    expect(bad[3]).toContain('no-such-program was not found.');
    expect(out).toContain('action b: node is there');
    expect(out).toContain('4 problems.');
  });

  test.each([
    ['20.19.4', true],
    ['20.19.10', true],
    ['22.0.0', true],
    ['20.19.3', false],
    ['18.99.99', false],
  ])('Node %s is new enough: %s', (version, expected) => {
    expect(isAtLeast(version, '20.19.4')).toBe(expected);
  });
});
