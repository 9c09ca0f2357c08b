// Counts what ran, says why something was skipped, and leaves the counts where a script can read them.
import { mkdirSync, writeFileSync } from 'node:fs';

export default class CountingReporter {
  onTestRunEnd(modules, unhandledErrors) {
    const counts = { passed: 0, failed: unhandledErrors.length, skipped: 0 };
    const skipped = [];
    for (const module of modules) {
      // A file that could not be loaded holds no test, and must not pass for it.
      if (module.errors().length > 0) counts.failed += 1;
      for (const test of module.children.allTests()) {
        const result = test.result();
        if (result.state === 'passed') counts.passed += 1;
        else if (result.state === 'failed') counts.failed += 1;
        else {
          counts.skipped += 1;
          skipped.push(`${test.fullName}: ${result.note ?? 'no reason given'}`);
        }
      }
    }
    for (const line of skipped) process.stdout.write(`skipped: ${line}\n`);
    mkdirSync('artifacts', { recursive: true });
    writeFileSync('artifacts/test-counts.json', `${JSON.stringify(counts)}\n`);
    process.stdout.write(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped\n`);
  }
}
