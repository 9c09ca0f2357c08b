import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { maskPrivate } from './mask-private.ts';

describe('maskPrivate', () => {
  // Everything here is made up; numbers are the public test numbers of their standards.
  test.each([
    ['login failed for ana.garcia+shop@example.co.uk', 'login failed for [e-mail]'],
    ['password=hunter2 user=ana', 'password=[secret] user=ana'],
    ['{"user":"ana","password":"a \\" b","n":1}', '{"user":"ana","password":[secret],"n":1}'],
    ['DB_PASSWORD: s3cr3t!', 'DB_PASSWORD: [secret]'],
    ['apiKey="abc def" retry', 'apiKey=[secret] retry'],
    ['mysql --password hunter2 shop', 'mysql --password [secret] shop'],
    ['postgres://shop:pa55@db:5432/shop', 'postgres://shop:[secret]@db:5432/shop'],
    ['Authorization: Bearer abc123def456', 'Authorization: Bearer [secret]'],
    ['GET /a?token=abc123&page=2', 'GET /a?token=[secret]&page=2'],
    ['key eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl end', 'key [token] end'],
    ['using AKIAIOSFODNN7EXAMPLE now', 'using [token] now'],
    ['paid with 4111 1111 1111 1111 today', 'paid with [card] today'],
    ['to GB82 WEST 1234 5698 7654 32 sent', 'to [account] sent'],
    ['ssn 078-05-1120', 'ssn [identity number]'],
    ['DNI 12345678Z de Ana', 'DNI [identity number] de Ana'],
    ['-----BEGIN RSA PRIVATE KEY-----\nMIIBOgIBAAJB\n-----END RSA PRIVATE KEY-----', '[private key]'],
    ['la contraseña: secreto1', 'la contraseña: [secret]'],
  ])('%s', (text, masked) => {
    expect(maskPrivate(text)).toBe(masked);
  });

  test.each([
    'order 4111111111111112 shipped',
    'trace 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
    'blk_-1608999687919862906 of size 67108864 from /10.250.19.102',
    'Failed password for root from 10.0.0.1 port 22',
    'token expired, auth: none, password=null',
    'basic checks passed, digest mismatch',
    '2026-01-02 10:00:00 INFO 12345678A is no identity number',
    'node@3 v1.2.3 @scope/name',
  ])('leaves alone: %s', (text) => {
    expect(maskPrivate(text)).toBe(text);
  });

  test('any text is masked in time that grows with its length, and masking twice changes nothing more', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 300, unit: 'binary' }), (text) => {
        const once = maskPrivate(text);
        expect(maskPrivate(once)).toBe(once);
      }),
    );
    for (const piece of ['a@', '1 ', 'password=', 'A1', '://a:', '"', '-----BEGIN '])
      expect(maskPrivate(piece.repeat(4000)).length).toBeGreaterThan(0);
  });
});
