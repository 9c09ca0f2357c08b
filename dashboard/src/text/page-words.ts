import type { i18n } from 'i18next';
import type { Phrase } from '../../../src/model/phrase.ts';
import type { TextKey } from '../../../src/text/catalogue.ts';
import { isFeatureName, shortFeature } from '../format/names.ts';
import { LANGUAGES, type Language } from '../../../src/text/language.ts';

type Values = Phrase['values'];

/** Everything that a page says, in the reader's language. */
export interface PageWords {
  readonly language: Language;
  say(key: TextKey, values?: Values): string;
  phrase(phrase: Phrase): string;
  /** What a value of a closed set is called (`state`, `critical`); the value itself when it is from a newer server. */
  name(group: string, value: string): string;
}

export const isLanguage = (value: string | null | undefined): value is Language =>
  (LANGUAGES as readonly (string | null | undefined)[]).includes(value);

/** In a sentence a feature goes by its short name. */
const readable = ([name, value]: [string, string | number]): [string, string | number] => [
  name,
  typeof value === 'string' && isFeatureName(value) ? shortFeature(value) : value,
];

/** The words of a translator in one of its languages. */
export function pageWords(translator: i18n, language: string): PageWords {
  const render = (key: string, values: Values): string => {
    const count = values['count'];
    // `replace` keeps a value that is called like an option of i18next from being one.
    return translator.t(key, { lng: language, replace: values, ...(typeof count === 'number' ? { count } : {}) });
  };
  return {
    language: isLanguage(language) ? language : 'en',
    say: (key, values = {}) => render(key, values),
    phrase: ({ key, values }) => render(key, Object.fromEntries(Object.entries(values).map(readable))),
    name: (group, value) => {
      const key = `dashboard-words.${group}_${value}`;
      return translator.exists(key) ? render(key, {}) : value;
    },
  };
}
