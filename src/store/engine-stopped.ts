/** The database engine died or would not open; `log` is what it printed last. */
export class EngineStopped extends Error {
  override readonly name = 'EngineStopped';
  readonly log: string;

  constructor(log: string, cause?: unknown) {
    super('The database engine has stopped.', { cause });
    this.log = log;
  }
}
