/** The languages that every text of the product exists in. */
export const LANGUAGES = ['en', 'es'] as const;
export type Language = (typeof LANGUAGES)[number];

const isLanguage = (value: string): value is Language => (LANGUAGES as readonly string[]).includes(value);

/** Wishes looked at in an `Accept-Language` header; browsers send fewer than ten. */
const MAX_WISHES = 20;

/** The wanted language of an `Accept-Language` header (RFC 9110, with weights), or the fallback when it wants none of ours. */
export function pickLanguage(header: string | undefined, fallback: Language): Language {
  const wishes = (header ?? '').split(',', MAX_WISHES).map((wish) => {
    const [range = '', ...parameters] = wish.trim().toLowerCase().split(';');
    const weight = parameters.map((parameter) => /^\s*q=([\d.]+)\s*$/.exec(parameter)?.[1]).find(Boolean);
    return { language: range.split('-')[0] ?? '', weight: weight === undefined ? 1 : Number(weight) };
  });
  const best = wishes.filter((wish) => wish.weight > 0 && isLanguage(wish.language));
  best.sort((a, b) => b.weight - a.weight);
  const language = best[0]?.language ?? '';
  return isLanguage(language) ? language : fallback;
}
