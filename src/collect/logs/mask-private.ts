/** What stands in the place of something private; `kind` says what it was. */
const mark = (kind: string): string => `[${kind}]`;

/** A rule that takes something private out of a text. Patterns are linear: no nested repetition, bounded counts. */
interface MaskRule {
  readonly kind: string;
  /** A cheap test whether the rule can match at all. */
  readonly hint: (text: string, signs: Signs) => boolean;
  readonly pattern: RegExp;
  /** For patterns with look-alikes: whether this match is what it seems. */
  readonly confirms?: (match: string) => boolean;
}

/** What a text holds, from one look at each of its characters. */
interface Signs {
  /** Most characters in a row that are letters, digits, `_` or `-`. */
  readonly word: number;
  /** Most digits in a row, and most with a blank or a hyphen between two at most. */
  readonly digits: number;
  readonly spaced: number;
  /** There is a digit behind a capital letter. */
  readonly capital: boolean;
}

/** What the shortest of each has. */
const SHORTEST_TOKEN = 13;
const SHORTEST_CARD = 13;
const DIGITS_OF_SSN = 9;
const DIGITS_OF_NIE = 7;

const [OTHER, DIGIT, CAPITAL, LETTER, HYPHEN, BLANK] = [0, 1, 2, 3, 4, 5];
const KINDS = new Uint8Array(128);
for (let code = 0; code < 26; code++) [KINDS[65 + code], KINDS[97 + code]] = [CAPITAL, LETTER];
for (let code = 48; code < 58; code++) KINDS[code] = DIGIT;
[KINDS[95], KINDS[45], KINDS[32]] = [LETTER, HYPHEN, BLANK];

function signsOf(text: string): Signs {
  let [word, digits, spaced, capital] = [0, 0, 0, false];
  let [inWord, inDigits, inSpaced, before] = [0, 0, 0, OTHER];
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    const kind = code < 128 ? KINDS[code]! : OTHER;
    if (kind === DIGIT) {
      inDigits += 1;
      inSpaced += 1;
      if (inDigits > digits) digits = inDigits;
      if (inSpaced > spaced) spaced = inSpaced;
      if (before === CAPITAL) capital = true;
    } else {
      inDigits = 0;
      if (before !== DIGIT || kind < HYPHEN) inSpaced = 0;
    }
    if (kind === OTHER || kind === BLANK) inWord = 0;
    else if (++inWord > word) word = inWord;
    before = kind;
  }
  return { word, digits, spaced, capital };
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

const TOKEN_HINT = /gh[pousr]_|github_pat_|glpat-|xox[abeprs]-|sk[-_]|AKIA|ASIA|AIza|npm_|dop_v1_/;
const AT_HINT = /[\w.+-]@[A-Za-z0-9-]{1,63}\.[A-Za-z0-9-]/;

const RULES: readonly MaskRule[] = [
  {
    kind: 'private key',
    hint: (text) => text.includes('-----BEGIN'),
    pattern:
      /-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----[A-Za-z0-9+/=\s\\]{0,16384}(?:-----END [A-Z ]{0,40}PRIVATE KEY-----)?/g,
  },
  { kind: 'token', hint: (text) => text.includes('eyJ'), pattern: /\beyJ[\w-]{8,4096}\.[\w-]{8,8192}\.[\w-]{0,2048}/g },
  {
    kind: 'token',
    hint: (text, { word }) => word >= SHORTEST_TOKEN && TOKEN_HINT.test(text),
    pattern:
      /\b(?:gh[pousr]_\w{20,255}|github_pat_\w{20,255}|glpat-[\w-]{16,64}|xox[abeprs]-[\w-]{8,255}|sk[-_](?:live|test|ant|proj)?[\w-]{16,255}|(?:AKIA|ASIA)[0-9A-Z]{16}|AIza[\w-]{35}|npm_\w{20,64}|dop_v1_[0-9a-f]{64})/g,
  },
  {
    kind: 'e-mail',
    hint: (text) => AT_HINT.test(text),
    pattern: /(?<![\w.+-])[\w.+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8}/g,
  },
  {
    kind: 'card',
    hint: (text, { spaced }) => spaced >= SHORTEST_CARD && /\d{4}[ -]?\d{4}/.test(text),
    pattern: /(?<![\d.-])\d(?:[ -]?\d){12,18}(?![\d.-])/g,
    confirms: isCard,
  },
  {
    kind: 'account',
    hint: (text, { capital }) => capital && /\b[A-Z]{2}\d{2}/.test(text),
    pattern: /\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b/g,
    confirms: isIban,
  },
  {
    kind: 'identity number',
    hint: (text, { spaced }) => spaced >= DIGITS_OF_SSN && /\d{3}-\d{2}-\d{4}/.test(text),
    pattern: /(?<![\d-])(?!000|666|9)\d{3}-(?!00)\d{2}-(?!0000)\d{4}(?![\d-])/g,
  },
  {
    kind: 'identity number',
    hint: (_, { digits }) => digits >= DIGITS_OF_NIE,
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
const NAMED_HINT = new RegExp(`${SECRET_NAME}[\\w-]{0,32}["']?\\s{0,3}[=:]|-[\\w-]{0,32}${SECRET_NAME}\\s`, 'i');
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
  const signs = signsOf(text);
  let masked = text;
  for (const { kind, hint, pattern, confirms } of RULES)
    // Signs are those of the text as it was: what is put in holds fewer.
    if (hint(masked, signs))
      masked = masked.replace(pattern, (match) => (confirms === undefined || confirms(match) ? mark(kind) : match));
  if (masked.includes('://')) masked = masked.replace(URL_PASSWORD, `$1${mark('secret')}@`);
  if (!WORDS_HINT.test(masked)) return masked;
  masked = masked.replace(SCHEME, (whole, scheme: string, space: string) =>
    /[\d+/=]/.test(whole) || whole.length > 40 ? `${scheme}${space}${mark('secret')}` : whole,
  );
  if (!NAMED_HINT.test(masked)) return masked;
  return masked.replace(NAMED, (whole, name: string) => (HARMLESS.test(whole) ? whole : `${name}${mark('secret')}`));
}
