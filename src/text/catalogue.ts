import { config as configEn } from './en/config.ts';
import { correlate as correlateEn } from './en/correlate.ts';
import { errors as errorsEn } from './en/errors.ts';
import { config as configEs } from './es/config.ts';
import { correlate as correlateEs } from './es/correlate.ts';
import { errors as errorsEs } from './es/errors.ts';
import type { Language } from './language.ts';

/**
 * Every area of text in both languages. A new area is a file in `en/`, one in `es/` with the same keys, and a line in
 * each of these two tables; the test fails when a file stands beside the tables, or keys or placeholders differ.
 * A key is spoken of as `area.key`. Plurals end in `_one` and `_other` and are chosen by the value `count`.
 */
const en = {
  config: configEn,
  correlate: correlateEn,
  errors: errorsEn,
};

const es: { readonly [Area in keyof typeof en]: { readonly [Key in keyof (typeof en)[Area]]: string } } = {
  config: configEs,
  correlate: correlateEs,
  errors: errorsEs,
};

export const catalogue: Readonly<Record<Language, Readonly<Record<string, Readonly<Record<string, string>>>>>> = {
  en,
  es,
};

type Catalogue = typeof en;
type WithoutPlural<Key> = Key extends `${infer Base}_one` | `${infer Base}_other`
  ? Base
  : Key extends string
    ? Key
    : never;

/** Every key that can be said, as `area.key`. */
export type TextKey = {
  [Area in keyof Catalogue]: `${Area}.${WithoutPlural<keyof Catalogue[Area]>}`;
}[keyof Catalogue];
