/** Knows when every group has committed every message of one durable publish. */
export interface Receipt {
  /** One more commit is owed. */
  owe(count: number): void;
  /** One commit came. */
  commit(): void;
  /** All messages have been handed to the groups; nothing more will be owed. */
  seal(): void;
  fail(error: Error): void;
  readonly done: Promise<void>;
}

export function createReceipt(): Receipt {
  let open = 0;
  let sealed = false;
  let resolve: () => void = () => undefined;
  let reject: (error: Error) => void = () => undefined;
  const done = new Promise<void>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  // The bus may end before the publisher gets to wait for it.
  done.catch(() => undefined);
  const settle = (): void => {
    if (sealed && open === 0) resolve();
  };
  return {
    owe: (count) => {
      open += count;
    },
    commit: () => {
      open -= 1;
      settle();
    },
    seal: () => {
      sealed = true;
      settle();
    },
    fail: reject,
    done,
  };
}
