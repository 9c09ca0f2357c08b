/** The bearer token that the reader entered in Settings; kept in this browser only. */
const STORED = 'vigia.token';

export const readToken = (): string => localStorage.getItem(STORED) ?? '';

export function writeToken(token: string): void {
  if (token === '') localStorage.removeItem(STORED);
  else localStorage.setItem(STORED, token);
}
