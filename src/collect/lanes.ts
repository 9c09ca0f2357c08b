/** Lets only so many do their work at the same time; the others wait in line. */
export interface Lane {
  run<T>(work: () => Promise<T>): Promise<T>;
}

export function createLane(width: number): Lane {
  let free = width;
  const waiting: (() => void)[] = [];
  return {
    run: async (work) => {
      if (free > 0) free -= 1;
      else await new Promise<void>((resolve) => waiting.push(resolve));
      try {
        return await work();
      } finally {
        const next = waiting.shift();
        if (next === undefined) free += 1;
        else next();
      }
    },
  };
}
