import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import type { i18n } from 'i18next';
import type { Phrase } from '../../../src/model/phrase.ts';
import type { TextKey } from '../../../src/text/catalogue.ts';
import { LANGUAGES, type Language } from '../../../src/text/language.ts';
import { createTranslator } from '../../../src/text/text.ts';

type Values = Phrase['values'];

/** Everything that a page says, in the reader's language. */
export interface PageWords {
  readonly language: Language;
  say(key: TextKey, values?: Values): string;
  phrase(phrase: Phrase): string;
  /** What a value of a closed set is called (`state`, `critical`); the value itself when it is from a newer server. */
  name(group: string, value: string): string;
  has(key: string): boolean;
}

const isLanguage = (value: string | null | undefined): value is Language =>
  (LANGUAGES as readonly (string | null | undefined)[]).includes(value);

const STORED = 'vigia.language';

/** The language chosen in this browser, otherwise the browser's own, otherwise English. */
function firstLanguage(): Language {
  const stored = localStorage.getItem(STORED);
  if (isLanguage(stored)) return stored;
  const wished = navigator.languages.map((tag) => tag.slice(0, 2).toLowerCase()).find(isLanguage);
  return wished ?? 'en';
}

export const translator: i18n = createTranslator(firstLanguage());
document.documentElement.lang = translator.language;

export async function chooseLanguage(language: Language): Promise<void> {
  localStorage.setItem(STORED, language);
  await translator.changeLanguage(language);
  document.documentElement.lang = language;
}

function wordsOf(instance: i18n): PageWords {
  const render = (key: string, values: Values): string => {
    const count = values['count'];
    return instance.t(key, { replace: values, ...(typeof count === 'number' ? { count } : {}) });
  };
  const has = (key: string): boolean => instance.exists(key);
  return {
    language: isLanguage(instance.language) ? instance.language : 'en',
    say: (key, values = {}) => render(key, values),
    phrase: ({ key, values }) => render(key, values),
    name: (group, value) =>
      has(`dashboard-words.${group}_${value}`) ? render(`dashboard-words.${group}_${value}`, {}) : value,
    has,
  };
}

export function useWords(): PageWords {
  const { i18n: instance } = useTranslation();
  const language = instance.language;
  // The instance is one for ever; the language is what changes the words.
  return useMemo(
    () => ({ ...wordsOf(instance), language: isLanguage(language) ? language : 'en' }),
    [instance, language],
  );
}
