import { defineConfig } from 'vitest/config';

/** Unit tests stand beside the code and share one module graph; whatever starts the built program runs apart. */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['src/**/*.test.ts', 'test/*.test.ts', 'dashboard/**/*.test.ts', 'lab/**/*.test.ts'],
          globalSetup: ['scripts/build-kernels.mjs'],
          setupFiles: ['test/fixed-seed.ts'],
          isolate: false,
          sequence: { groupOrder: 0 },
          // Patience costs nothing where all is well; the default of a second is not enough for a machine that is busy.
          expect: { poll: { timeout: 30_000 } },
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: 'system',
          // The built program is put under real trouble: nothing else may burn the CPU meanwhile.
          sequence: { groupOrder: 1 },
          include: ['test/system/**/*.test.ts'],
          expect: { poll: { timeout: 60_000, interval: 100 } },
          testTimeout: 300_000,
          hookTimeout: 240_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          name: 'browser',
          sequence: { groupOrder: 2 },
          include: ['test/browser/**/*.test.ts'],
          testTimeout: 300_000,
          hookTimeout: 240_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          name: 'distributed',
          // Brokers, a database and every stage as processes of their own: nothing else beside them.
          sequence: { groupOrder: 3 },
          include: ['test/distributed/**/*.test.ts'],
          expect: { poll: { timeout: 60_000, interval: 100 } },
          testTimeout: 300_000,
          hookTimeout: 240_000,
          fileParallelism: false,
        },
      },
    ],
    coverage: { provider: 'v8', include: ['src/**/*.ts'], exclude: ['src/**/*.test.ts', 'src/ml/kernels/assembly/**'] },
  },
});
