/** Finds the secret that a reference such as `${env:TOKEN}` or `${file:/run/token}` stands for; null when there is none. */
export type RevealSecret = (reference: string) => string | null;

const REFERENCE = /\$\{(?:env|file):[^}]+\}/g;
/** Shorter values would blank out half of every text, and are no secrets. */
const MIN_SECRET = 4;

/** The secrets of one execution: put in where they are needed, taken out of all that is kept. */
export interface Secrets {
  /** Puts secrets in the place of references. Throws when one cannot be found. */
  reveal(text: string): string;
  /** Takes every secret revealed so far out of a text, also when written for an address or inside JSON. */
  redact(text: string): string;
  /** The same of a piece: also what may be left of a secret where more stood before it, or may still come after it. */
  redactPiece(text: string, cut: { readonly before: boolean; readonly after: boolean }): string;
  /** Length of the longest spelling of a secret: what a cut must leave before redacting. */
  longest(): number;
}

/** How many characters `text` ends with that `next` begins with; less than all of `next`. */
function overlap(text: string, next: string): number {
  for (let count = Math.min(text.length, next.length - 1); count > 0; count--)
    if (text.endsWith(next.slice(0, count))) return count;
  return 0;
}

/** Half a character at a cut has become this one. */
const HALF = /^\uFFFD+/;

export function createSecrets(find: RevealSecret): Secrets {
  const spellings = new Set<string>();
  const redact = (text: string): string =>
    [...spellings].sort((a, b) => b.length - a.length).reduce((rest, secret) => rest.replaceAll(secret, '***'), text);
  const most = (count: (spelling: string) => number): number =>
    [...spellings].map(count).reduce((a, b) => Math.max(a, b), 0);
  return {
    reveal: (text) =>
      text.replace(REFERENCE, (reference) => {
        const secret = find(reference);
        if (secret === null) throw new RangeError(reference);
        if (secret.length >= MIN_SECRET) {
          for (const spelling of [secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1)]) {
            spellings.add(spelling);
          }
        }
        return secret;
      }),
    redact,
    redactPiece: (text, { before, after }) => {
      const piece = before ? text.replace(HALF, '') : text;
      const rest = before ? piece.slice(most((spelling) => overlap(spelling, piece))) : piece;
      const shown = redact(rest);
      return after ? shown.slice(0, shown.length - most((spelling) => overlap(shown, spelling))) : shown;
    },
    longest: () => most(({ length }) => length),
  };
}
