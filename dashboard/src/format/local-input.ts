/** `2026-03-01T09:30` in the reader's zone, as a field of the type `datetime-local` wants it. */
export function toLocalInput(time: number): string {
  const date = new Date(time);
  return new Date(time - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

/** The reverse; null while it is incomplete. */
export function fromLocalInput(text: string): number | null {
  const time = new Date(text).getTime();
  return Number.isNaN(time) ? null : time;
}
