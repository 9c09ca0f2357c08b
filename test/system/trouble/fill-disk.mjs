// Fills FOLDER/junk with files of a steady size, RATE KiB a second, until the disk is full or the folder is gone.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const [folder, rate] = process.argv.slice(2);
const junk = join(folder, 'junk');
mkdirSync(junk, { recursive: true });
const started = Date.now();
const piece = Buffer.alloc(16 * 1024, 120);
let written = 0;
const timer = setInterval(() => {
  const due = ((Date.now() - started) / 1000) * Number(rate) * 1024;
  try {
    while (written < due) {
      writeFileSync(join(junk, `${written}`), piece);
      written += piece.length;
    }
  } catch {
    clearInterval(timer);
  }
}, 100);
setTimeout(() => process.exit(0), 240_000);
