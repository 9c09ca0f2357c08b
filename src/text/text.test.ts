import { readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { catalogue } from './catalogue.ts';
import { LANGUAGES, pickLanguage } from './language.ts';
import { createText, FORMATS } from './text.ts';

const placeholders = (text: string): string[] =>
  [...text.matchAll(/\{\{([^}]*)\}\}/g)].map((match) => match[1]!.trim());

describe('the catalogue', () => {
  test.each(LANGUAGES)('holds every file of %s', (language) => {
    const files = readdirSync(new URL(`./${language}/`, import.meta.url)).filter((name) => name.endsWith('.ts'));
    expect(files.map((name) => name.replace('.ts', '')).sort()).toEqual(Object.keys(catalogue[language]).sort());
  });

  test.each(Object.keys(catalogue.en))('area %s says the same in both languages', (area) => {
    const { en, es } = { en: catalogue.en[area]!, es: catalogue.es[area]! };
    expect(Object.keys(es).sort()).toEqual(Object.keys(en).sort());
    const differing = Object.keys(en).filter(
      (key) => placeholders(en[key]!).sort().join() !== placeholders(es[key]!).sort().join(),
    );
    expect(differing).toEqual([]);
    expect(Object.keys(es).filter((key) => es[key]!.trim() === '')).toEqual([]);
    const singular = Object.keys(en).filter((key) => key.endsWith('_one'));
    expect(Object.keys(en)).toEqual(expect.arrayContaining(singular.map((key) => `${key.slice(0, -4)}_other`)));
  });

  test('has only placeholders and formats that can be filled', () => {
    const texts = LANGUAGES.flatMap((language) => Object.values(catalogue[language]).flatMap(Object.values<string>));
    const malformed = texts.flatMap(placeholders).filter((placeholder) => {
      const format = /^\w+(?:, (\w+))?$/.exec(placeholder);
      return format === null || (format[1] !== undefined && !FORMATS.includes(format[1]));
    });
    expect(malformed).toEqual([]);
    expect(texts.length).toBeGreaterThan(50);
  });
});

describe('words', () => {
  const text = createText({ timeZone: 'UTC', now: () => 0 });

  test('are in the language asked for', () => {
    expect(text('en').error('PORT_TAKEN', { port: 8440, host: '127.0.0.1' })).toContain('Port 8440 on 127.0.0.1');
    expect(text('es').error('PORT_TAKEN', { port: 8440, host: '127.0.0.1' })).toContain('El puerto 8440 de 127.0.0.1');
  });

  test('never read a value as text with placeholders or options', () => {
    const values = { what: '{{id}} $t(errors.USAGE)', id: 'x', lng: 'es', context: 'y' };
    expect(text('en').error('NOT_FOUND', values)).toBe('There is no {{id}} $t(errors.USAGE) "x".');
  });

  test('leave unknown keys and codes visible', () => {
    expect(text('es').phrase({ key: 'future.thing', values: {} })).toBe('future.thing');
    expect(text('es').error('FUTURE_CODE', {})).toBe('FUTURE_CODE');
  });
});

test.each([
  [undefined, 'en'],
  ['es-MX,es;q=0.9,en;q=0.8', 'es'],
  ['fr, en;q=0.5, es;q=0.7', 'es'],
  ['de', 'en'],
  ['es;q=0', 'en'],
])('the language of %s is %s', (header, language) => {
  expect(pickLanguage(header, 'en')).toBe(language);
});

test('a huge header is no trouble', () => {
  expect(pickLanguage(',;q='.repeat(100_000), 'es')).toBe('es');
});
