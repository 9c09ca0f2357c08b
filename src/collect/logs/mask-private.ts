/** What stands in the place of something private; `kind` says what it was. */
const mark = (kind: string): string => `[${kind}]`;

/** A rule that takes something private out of a text. Patterns are linear: no nested repetition, bounded counts. */
interface MaskRule {
  readonly kind: string;
  /** A cheap test whether the rule can match at all. */
  readonly hint: RegExp;
  readonly pattern: RegExp;
  /** For patterns with look-alikes: whether this match is what it seems. */
  readonly confirms?: (match: string) => boolean;
}

const digitsOf = (text: string): string => text.replaceAll(/\D/g, '');

/** Luhn's check digit, which every payment card has (ISO/IEC 7812-1). */
function isCard(text: string): boolean {
  const digits = digitsOf(text);
  if (digits.length < 13 || digits.length > 19 || /^(\d)\1*$/.test(digits)) return false;
  let sum = 0;
  for (let at = 0; at < digits.length; at++) {
    const digit = Number(digits[digits.length - 1 - at]);
    sum += at % 2 === 0 ? digit : digit > 4 ? 2 * digit - 9 : 2 * digit;
  }
  return sum % 10 === 0;
}

/** ISO 13616: the number modulo 97 is 1 when the first four characters are put last and letters are numbers. */
function isIban(text: string): boolean {
  const plain = text.replaceAll(' ', '');
  let rest = 0;
  for (const char of plain.slice(4) + plain.slice(0, 4)) {
    const value = Number.parseInt(char, 36);
    rest = (rest * (value > 9 ? 100 : 10) + value) % 97;
  }
  return rest === 1;
}

const DNI_LETTERS = 'TRWAGMYFPDXBNJZSQVHLCKE';
/** The letter of a Spanish identity number is its number modulo 23; that of a foreigner begins with X, Y or Z for 0, 1, 2. */
function isDni(text: string): boolean {
  const number = text.toUpperCase().replaceAll(/[\s-]/g, '');
  const digits = number.slice(0, -1).replace(/^[XYZ]/, (letter) => String('XYZ'.indexOf(letter)));
  return DNI_LETTERS[Number(digits) % 23] === number.at(-1);
}

const SECRET_NAME =
  '(?:pass(?:word|wd|phrase)?|pwd|secret|token|api[-_]?key|access[-_]?key|private[-_]?key|client[-_]?secret|session[-_]?id|sessid|credential|authorization|auth|cookie|contraseña|clave)';

const RULES: readonly MaskRule[] = [
  {
    kind: 'private key',
    hint: /-----BEGIN/,
    pattern:
      /-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----[A-Za-z0-9+/=\s\\]{0,16384}(?:-----END [A-Z ]{0,40}PRIVATE KEY-----)?/g,
  },
  { kind: 'token', hint: /eyJ/, pattern: /\beyJ[\w-]{8,4096}\.[\w-]{8,8192}\.[\w-]{0,2048}/g },
  {
    kind: 'token',
    hint: /gh[pousr]_|github_pat_|glpat-|xox[abeprs]-|sk[-_]|AKIA|ASIA|AIza|npm_|dop_v1_/,
    pattern:
      /\b(?:gh[pousr]_\w{20,255}|github_pat_\w{20,255}|glpat-[\w-]{16,64}|xox[abeprs]-[\w-]{8,255}|sk[-_](?:live|test|ant|proj)?[\w-]{16,255}|(?:AKIA|ASIA)[0-9A-Z]{16}|AIza[\w-]{35}|npm_\w{20,64}|dop_v1_[0-9a-f]{64})/g,
  },
  { kind: 'e-mail', hint: /@/, pattern: /(?<![\w.+-])[\w.+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8}/g },
  { kind: 'card', hint: /\d{4}[ -]?\d{4}/, pattern: /(?<![\d.-])\d(?:[ -]?\d){12,18}(?![\d.-])/g, confirms: isCard },
  {
    kind: 'account',
    hint: /\b[A-Z]{2}\d{2}/,
    pattern: /\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b/g,
    confirms: isIban,
  },
  {
    kind: 'identity number',
    hint: /\d{3}-\d{2}-\d{4}/,
    pattern: /(?<![\d-])(?!000|666|9)\d{3}-(?!00)\d{2}-(?!0000)\d{4}(?![\d-])/g,
  },
  {
    kind: 'identity number',
    hint: /\d{7}/,
    pattern: /(?<![\w-])(?:\d{8}|[XYZxyz]-?\d{7})-?[A-HJ-NP-TV-Za-hj-np-tv-z](?![\w-])/g,
    confirms: isDni,
  },
];

/** `https://user:password@host`: the password goes, who it was stays. */
const URL_PASSWORD = /(\b[a-z][a-z0-9+.-]{1,20}:\/\/[^\s:/?#@]{0,256}:)[^\s/?#@]{1,256}@/gi;
/** `Authorization: Bearer …`, also inside JSON. */
const SCHEME = /\b(bearer|basic|digest|negotiate)(\s+)[\w.+/=~-]{6,8192}/gi;
/** `password=…`, `"apiKey": "…"`, `token: …`; `--password …` of a command line. */
const NAMED = new RegExp(
  `((?:["']?[\\w.-]{0,64}?${SECRET_NAME}[\\w-]{0,32}["']?\\s{0,3}[=:]\\s{0,3})|(?:--?[\\w-]{0,32}?${SECRET_NAME}\\s+))(?:"(?:[^"\\\\]|\\\\.){0,4096}"|'(?:[^'\\\\]|\\\\.){0,4096}'|[^\\s,;&"'\`)\\]}]{1,4096})`,
  'gi',
);
const WORDS_HINT = new RegExp(`${SECRET_NAME}|bearer|basic|digest|negotiate`, 'i');
/** What is said of a secret without saying it. */
const HARMLESS =
  /[=:\s](?:["']?(?:\[[a-z -]+\]|true|false|null|none|nil|undefined|yes|no|missing|invalid|expired|required|empty|\*+|<[\w* -]*>)["']?|(?:bearer|basic|digest|negotiate))$/i;

/**
 * Takes passwords, keys, tokens, e-mail addresses, card, account and identity numbers out of a text before it goes
 * anywhere. What is put in their place names the kind. A number counts only when its check digit is right, so that
 * identifiers stay readable. O(length); texts are cut to their limit before.
 */
export function maskPrivate(text: string): string {
  let masked = text;
  for (const { kind, hint, pattern, confirms } of RULES)
    if (hint.test(masked))
      masked = masked.replace(pattern, (match) => (confirms === undefined || confirms(match) ? mark(kind) : match));
  if (masked.includes('://')) masked = masked.replace(URL_PASSWORD, `$1${mark('secret')}@`);
  if (!WORDS_HINT.test(masked)) return masked;
  masked = masked.replace(SCHEME, (whole, scheme: string, space: string) =>
    /[\d+/=]/.test(whole) || whole.length > 40 ? `${scheme}${space}${mark('secret')}` : whole,
  );
  return masked.replace(NAMED, (whole, name: string) => (HARMLESS.test(whole) ? whole : `${name}${mark('secret')}`));
}
