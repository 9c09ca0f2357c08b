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
  /** Length of the longest spelling of a secret: what a cut must leave before redacting. */
  longest(): number;
}

export function createSecrets(find: RevealSecret): Secrets {
  const spellings = new Set<string>();
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
    redact: (text) =>
      [...spellings].sort((a, b) => b.length - a.length).reduce((rest, secret) => rest.replaceAll(secret, '***'), text),
    longest: () => [...spellings].reduce((most, { length }) => Math.max(most, length), 0),
  };
}
