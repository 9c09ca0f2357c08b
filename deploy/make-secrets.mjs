// Makes the passwords of a new installation, each once and at random, in the folder that is named. What is there stays.
import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const folder = process.argv[2];
if (folder === undefined) {
  process.stderr.write('Usage: make-secrets.mjs FOLDER\n');
  process.exit(2);
}
for (const name of ['admin-token', 'database-password', 'grafana-password', 'link-key']) {
  const file = join(folder, name);
  if (existsSync(file)) continue;
  // Hexadecimal, because passwords also stand in addresses.
  writeFileSync(file, `${randomBytes(24).toString('hex')}\n`, { flag: 'wx' });
  // Each container that mounts the volume runs as another user; nobody outside of them sees it.
  chmodSync(file, 0o444);
}
