import { createInstance, type i18n } from 'i18next';
import type { Phrase } from '../model/phrase.ts';
import { catalogue, type TextKey } from './catalogue.ts';
import { formatBytes, formatDuration, formatMoment, formatNumber, formatPercent, formatQuantity } from './format.ts';
import { LANGUAGES, type Language } from './language.ts';

type Values = Phrase['values'];

/** Everything that can be said in one language. */
export interface Words {
  readonly language: Language;
  /** A phrase in words. An unknown key, from another version, comes back as it is. */
  phrase(phrase: Phrase): string;
  /** What an error code says; the code itself when it is not known. */
  error(code: string, values: Values): string;
  /** The text of a key known to the compiler. */
  say(key: TextKey, values?: Values): string;
}

export type Text = (language: Language) => Words;

export interface TextOptions {
  /** Zone in which moments are written; default the machine's or the browser's. */
  readonly timeZone?: string;
  /** For moments: those within half a day are written without their day. */
  readonly now?: () => number;
}

type Formatter = (language: Language, value: number, values: Readonly<Record<string, unknown>>) => string;

/** Formats that a placeholder may ask for: `{{value, bytes}}`. Quantity takes its unit from the value `unit`. */
const formatters = (options: TextOptions): Readonly<Record<string, Formatter>> => ({
  number: formatNumber,
  percent: formatPercent,
  bytes: formatBytes,
  duration: formatDuration,
  quantity: (language, value, values) =>
    formatQuantity(language, value, typeof values['unit'] === 'string' ? values['unit'] : ''),
  moment: (language, value) =>
    formatMoment(language, value, { now: (options.now ?? Date.now)(), timeZone: options.timeZone }),
});

/** Names of the formats, for the test that finds misspelt ones. */
export const FORMATS: readonly string[] = Object.keys(formatters({}));

/** Fills the placeholders of a text in one pass, so that a value that looks like a placeholder stays a value. */
function fillIn(language: Language, template: string, values: Values, formats: Readonly<Record<string, Formatter>>) {
  return template.replace(/\{\{(\w+)(?:, (\w+))?\}\}/g, (whole, name: string, format: string | undefined) => {
    const value = values[name];
    const formatter = format === undefined ? undefined : formats[format];
    if (formatter === undefined || typeof value !== 'number') return String(value ?? whole);
    return formatter(language, value, values);
  });
}

/**
 * Flattens the areas of one language to `area.key`. Spanish has a plural for millions (`many`); where a text does not
 * set it apart, it is the ordinary one.
 */
function resource(language: Language): Record<string, string> {
  const flat: Record<string, string> = {};
  for (const [area, texts] of Object.entries(catalogue[language])) {
    for (const [key, text] of Object.entries(texts)) {
      flat[`${area}.${key}`] = text;
      if (key.endsWith('_other')) flat[`${area}.${key.slice(0, -6)}_many`] ??= text;
    }
  }
  return flat;
}

/** The i18next instance with every area, ready at once; for react-i18next, and below for everybody else. */
export function createTranslator(language: Language, options: TextOptions = {}): i18n {
  const formats = formatters(options);
  const instance = createInstance();
  void instance.init({
    lng: language,
    fallbackLng: 'en',
    supportedLngs: [...LANGUAGES],
    initAsync: false,
    showSupportNotice: false,
    ns: ['text'],
    defaultNS: 'text',
    nsSeparator: false,
    keySeparator: false,
    resources: Object.fromEntries(LANGUAGES.map((name) => [name, { text: resource(name) }])),
    interpolation: {
      // Plain text; whoever shows it escapes it for the place where it is shown.
      escapeValue: false,
      format: (value: unknown, format, lng, values) => {
        const formatter = format === undefined ? undefined : formats[format];
        if (formatter === undefined || typeof value !== 'number') return String(value);
        return formatter(lng === 'es' ? 'es' : 'en', value, values ?? {});
      },
    },
  });
  return instance;
}

/** Words in every language. One instance serves a whole process. */
export function createText(options: TextOptions = {}): Text {
  const formats = formatters(options);
  const words = new Map(
    LANGUAGES.map((language) => {
      const translator = createTranslator(language, options);
      const render = (key: string, values: Values): string => {
        const count = values['count'];
        const template = translator.t(key, {
          skipInterpolation: true,
          ...(typeof count === 'number' ? { count } : {}),
        });
        return fillIn(language, template, values, formats);
      };
      const made: Words = {
        language,
        phrase: ({ key, values }) => render(key, values),
        error: (code, values) => (translator.exists(`errors.${code}`) ? render(`errors.${code}`, values) : code),
        say: (key, values = {}) => render(key, values),
      };
      return [language, made] as const;
    }),
  );
  return (language) => words.get(language)!;
}
