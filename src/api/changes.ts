import type { StreamMessage } from './contract/views.ts';

/** Where the composition root says what changed, and the API listens. Listeners must not throw. */
export interface Changes {
  publish(message: StreamMessage): void;
  /** Gives back what ends the subscription. */
  subscribe(listener: (message: StreamMessage) => void): () => void;
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
