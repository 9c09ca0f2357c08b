/** Why a request failed, as its metric says it. */
type Reason = 'full' | 'stale' | 'disk' | 'files' | 'downstream' | 'shed' | 'broken';

/** A request that is answered with a failure. */
export class RefusedError extends Error {
  readonly reason: Reason;
  readonly status: number;

  constructor(reason: Reason, status: number) {
    super(reason);
    this.reason = reason;
    this.status = status;
  }
}
