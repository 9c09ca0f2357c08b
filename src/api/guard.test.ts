import { describe, expect, test } from 'vitest';
import { VigiaError } from '../runtime/errors.ts';
import { type Caller, checkHost, checkOrigin, createAuthorize, isLoopback } from './guard.ts';

const caller = (over: Partial<Caller> = {}): Caller => ({
  host: '127.0.0.1:8440',
  origin: undefined,
  fetchSite: undefined,
  fetchMode: undefined,
  referer: undefined,
  authorization: undefined,
  marker: undefined,
  localAddress: '127.0.0.1',
  ...over,
});

/** The code with which it is refused, or `ok`. */
function verdict(check: () => unknown): string {
  try {
    check();
    return 'ok';
  } catch (error) {
    return error instanceof VigiaError ? error.code : String(error);
  }
}

test.each([
  ['127.0.0.1:8440', 'ok'],
  ['localhost', 'ok'],
  ['LOCALHOST:9000', 'ok'],
  ['[::1]:8440', 'ok'],
  ['vigia.example:443', 'ok'],
  ['192.168.1.5:8440', 'ok'],
  ['attacker.example:8440', 'API_HOST_REFUSED'],
  ['localhost.attacker.example', 'API_HOST_REFUSED'],
  ['127.0.0.1.attacker.example', 'API_HOST_REFUSED'],
  ['127.0.0.1@attacker.example', 'API_HOST_REFUSED'],
  ['192.168.1.6', 'API_HOST_REFUSED'],
  ['', 'API_HOST_REFUSED'],
  [undefined, 'API_HOST_REFUSED'],
])('host %s: %s', (host, expected) => {
  expect(verdict(() => checkHost(caller({ host, localAddress: '::ffff:192.168.1.5' }), ['Vigia.example']))).toBe(
    expected,
  );
});

test.each([
  [{ origin: 'http://127.0.0.1:8440' }, 'ok'],
  [{ origin: 'https://vigia.example' }, 'ok'],
  [{ fetchSite: 'same-origin' }, 'ok'],
  [{ fetchSite: 'none' }, 'ok'],
  [{}, 'ok'],
  [{ origin: 'http://127.0.0.1:3000' }, 'API_ORIGIN_REFUSED'],
  [{ origin: 'http://localhost:8440' }, 'API_ORIGIN_REFUSED'],
  [{ origin: 'http://attacker.example' }, 'API_ORIGIN_REFUSED'],
  [{ origin: 'http://vigia.example.attacker.example' }, 'API_ORIGIN_REFUSED'],
  [{ origin: 'null' }, 'API_ORIGIN_REFUSED'],
  [{ fetchSite: 'cross-site' }, 'API_ORIGIN_REFUSED'],
  [{ fetchSite: 'same-site', fetchMode: 'navigate' }, 'API_ORIGIN_REFUSED'],
])('a change with %j: %s', (headers, expected) => {
  expect(verdict(() => checkOrigin(caller(headers), ['vigia.example'], true))).toBe(expected);
});

test('a link from elsewhere may be followed', () => {
  expect(verdict(() => checkOrigin(caller({ fetchSite: 'cross-site', fetchMode: 'navigate' }), [], false))).toBe('ok');
  expect(verdict(() => checkOrigin(caller({ fetchSite: 'cross-site', fetchMode: 'no-cors' }), [], false))).toBe(
    'API_ORIGIN_REFUSED',
  );
});

describe('without tokens', () => {
  const authorize = createAuthorize([]);
  const ask = (headers: Partial<Caller>, demand: Partial<Parameters<typeof authorize>[1]> = {}): string =>
    verdict(() => authorize(caller(headers), { role: 'operator', changes: true, forSenders: false, ...demand }));

  test('reading needs nothing, a change the header', () => {
    expect(ask({}, { changes: false })).toBe('ok');
    expect(ask({})).toBe('API_HEADER_MISSING');
    expect(ask({ marker: '1' })).toBe('ok');
  });

  test('senders that are no browsers need no header', () => {
    expect(ask({}, { forSenders: true })).toBe('ok');
    expect(ask({ origin: 'http://127.0.0.1:8440' }, { forSenders: true })).toBe('API_HEADER_MISSING');
    expect(ask({ fetchSite: 'none' }, { forSenders: true })).toBe('API_HEADER_MISSING');
    expect(ask({ referer: 'http://attacker.example/' }, { forSenders: true })).toBe('API_HEADER_MISSING');
  });
});

describe('with tokens', () => {
  const authorize = createAuthorize([
    { name: 'eyes', role: 'viewer', token: 'see' },
    { name: 'hands', role: 'operator', token: 'do' },
    { name: 'boss', role: 'admin', token: 'rule' },
  ]);
  const ask = (authorization: string | undefined, role: 'viewer' | 'operator' | 'admin' | null): string =>
    verdict(() => authorize(caller({ authorization, marker: '1' }), { role, changes: false, forSenders: true }));

  test.each([
    [undefined, 'viewer', 'API_UNAUTHORIZED'],
    ['Bearer wrong', 'viewer', 'API_UNAUTHORIZED'],
    ['Basic see', 'viewer', 'API_UNAUTHORIZED'],
    ['Bearer se', 'viewer', 'API_UNAUTHORIZED'],
    ['Bearer see', 'viewer', 'ok'],
    ['bearer see', 'viewer', 'ok'],
    ['Bearer see', 'operator', 'API_FORBIDDEN'],
    ['Bearer do', 'operator', 'ok'],
    ['Bearer do', 'admin', 'API_FORBIDDEN'],
    ['Bearer rule', 'admin', 'ok'],
    [undefined, null, 'ok'],
  ] as const)('%s asking as %s: %s', (authorization, role, expected) => {
    expect(ask(authorization, role)).toBe(expected);
  });
});

test.each([
  ['127.0.0.1', true],
  ['127.8.8.8', true],
  ['::1', true],
  ['localhost', true],
  ['0.0.0.0', false],
  ['::', false],
  ['127.0.0.1.example', false],
])('%s is reachable by this machine only: %s', (host, expected) => {
  expect(isLoopback(host)).toBe(expected);
});
