import type { i18n } from 'i18next';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import type { Language } from '../../../src/text/language.ts';
import { createTranslator } from '../../../src/text/text.ts';
import { isLanguage, type PageWords, pageWords } from './page-words.ts';

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

/** The words of the page; a component that uses them is drawn anew when the language changes. */
export function useWords(): PageWords {
  const { i18n: instance } = useTranslation();
  const { language } = instance;
  return useMemo(() => pageWords(instance, language), [instance, language]);
}
