import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createSecrets } from './secrets.ts';

const SECRET = 'sEcRe/"T';
const revealed = () => {
  const secrets = createSecrets(() => SECRET);
  secrets.reveal('${env:TOKEN}');
  return secrets;
};
/** As it may be printed: as it is, in an address, inside JSON. */
const SPELLINGS = [SECRET, encodeURIComponent(SECRET), JSON.stringify(SECRET).slice(1, -1)];

test('wherever a text is cut, no part of a secret is left', () => {
  const secrets = revealed();
  // What stands around has no character of the secret, so that any that is left is one of its own.
  const words = fc.array(fc.constantFrom('ab ', '\n', 'ba', ...SPELLINGS), { minLength: 8, maxLength: 40 });
  fc.assert(
    fc.property(words, fc.nat(), fc.nat(), (parts, from, size) => {
      const whole = parts.join('');
      // A piece that is shorter than a secret may be its middle; what is kept of an output is never that short.
      const least = Math.min(whole.length, 2 * secrets.longest());
      const start = from % (whole.length - least + 1);
      const end = Math.min(whole.length, start + least + (size % 100));
      const cut = { before: start > 0, after: end < whole.length };
      expect(secrets.redactPiece(whole.slice(start, end), cut)).toMatch(/^[ab \n*]*$/);
    }),
  );
});

test('half a character at a cut does not hide what follows it', () => {
  expect(revealed().redactPiece(`\uFFFD${SECRET.slice(3)} done`, { before: true, after: false })).toBe(' done');
});

test('what is whole stays whole', () => {
  const text = `a ${SECRET} s`;
  expect(revealed().redactPiece(text, { before: false, after: false })).toBe('a *** s');
});
