import { configureGlobal } from 'fast-check';

/** The same cases on every machine: what lands has passed exactly these. `VIGIA_TEST_SEED` looks for others. */
configureGlobal({ seed: Number(process.env['VIGIA_TEST_SEED'] ?? 20_261_122) });
