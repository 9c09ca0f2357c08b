#!/usr/bin/env node
process.stdout.write('vigia\n');
