import type { StreamMessage } from './contract/views.ts';

/** Where the composition root says what changed, and the API listens. Listeners must not throw. */
export interface Changes {
  /** What the numbers belong to, where several processes number the same changes alike; else each has its own. */
  readonly epoch?: string;
  publish(message: StreamMessage): void;
  /** Gives back what ends the subscription. Numbers, where there are any, only grow. */
  subscribe(listener: (message: StreamMessage, number?: number) => void): () => void;
}

export function createChanges(): Changes {
  const listeners = new Set<(message: StreamMessage) => void>();
  return {
    publish: (message) => {
      for (const listener of listeners) listener(message);
    },
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
