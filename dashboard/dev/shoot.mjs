// Looks at the pages: screenshots and axe-core findings for the made-up states of fixture-server.mjs.
//   node dashboard/dev/shoot.mjs --out FOLDER [--only TEXT] [--dist FOLDER]
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { parseArgs } from 'node:util';
import { chromium } from 'playwright-core';

const { values: options } = parseArgs({
  options: {
    out: { type: 'string' },
    only: { type: 'string', default: '' },
    axe: { type: 'boolean', default: true },
    dist: { type: 'string' },
  },
});
mkdirSync(options.out, { recursive: true });
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const server = new URL('fixture-server.mjs', import.meta.url).pathname;

const ENTITY = '/entities/host/web-0';
const LEARNT = ['/models/f1', '/models/f2', '/policies', '/value'];
const shots = [
  { mood: 'quiet', entities: 50, pages: [...LEARNT, '/models/f0'], widths: [1280], looks: ['light-en', 'dark-es'] },
  { mood: 'quiet', entities: 50, pages: LEARNT, widths: [390], looks: ['dark-es'] },
  { mood: 'quiet', entities: 0, pages: ['/policies', '/value'], widths: [1280], looks: ['light-es'] },
  {
    mood: 'quiet',
    entities: 50,
    pages: [
      '/',
      ENTITY,
      '/incidents/inc-0',
      '/predictions',
      '/actions',
      '/data',
      '/models',
      '/settings',
      '/silences',
      '/alerting',
      '/entities',
      '/incidents',
    ],
    widths: [1280],
    looks: ['light-en'],
  },
  {
    mood: 'quiet',
    entities: 50,
    pages: ['/', ENTITY, '/incidents/inc-0', '/actions', '/settings', '/silences', '/alerting', '/models'],
    widths: [390],
    looks: ['light-en', 'dark-es'],
  },
  {
    mood: 'quiet',
    entities: 50,
    pages: ['/', ENTITY, '/incidents/inc-0', '/actions', '/data', '/silences', '/alerting', '/models'],
    widths: [1280],
    looks: ['dark-es'],
  },
  {
    mood: 'storm',
    entities: 1000,
    pages: ['/', '/entities', '/incidents/inc-0', ENTITY],
    widths: [1280],
    looks: ['light-en'],
  },
  { mood: 'storm', entities: 1000, pages: ['/'], widths: [390, 1920], looks: ['dark-es', 'light-en'] },
  { mood: 'storm', entities: 50, pages: ['/', '/data', '/models'], widths: [1280], looks: ['light-es', 'dark-en'] },
  { mood: 'quiet', entities: 1, pages: ['/', '/entities/host/atlas'], widths: [1280, 1920], looks: ['light-en'] },
  { mood: 'learning', entities: 1, pages: ['/', '/entities/host/atlas'], widths: [1280, 390], looks: ['light-en'] },
  { mood: 'learning', entities: 50, pages: ['/'], widths: [1280], looks: ['dark-es'] },
  {
    mood: 'calm',
    entities: 50,
    pages: ['/', '/entities/host/web-0', '/predictions', '/incidents'],
    widths: [1280],
    looks: ['light-en'],
  },
  { mood: 'quiet', entities: 0, pages: ['/', '/data', '/models', '/actions'], widths: [1280], looks: ['light-en'] },
  { mood: 'error', entities: 1, pages: ['/', '/data'], widths: [1280], looks: ['light-en'] },
  { mood: 'denied', entities: 1, pages: ['/'], widths: [1280], looks: ['light-es'] },
];

shots.push(
  {
    mood: 'quiet',
    entities: 50,
    pages: ['/quality', '/quality/host/web-0'],
    widths: [390, 1280],
    looks: ['light-en', 'dark-es'],
  },
  { mood: 'storm', entities: 1000, pages: ['/quality', '/data'], widths: [1280], looks: ['light-en'] },
  { mood: 'storm', entities: 50, pages: ['/data', '/quality/host/web-0'], widths: [390], looks: ['dark-es'] },
  { mood: 'quiet', entities: 0, pages: ['/quality'], widths: [1280], looks: ['light-es'] },
  { mood: 'error', entities: 1, pages: ['/quality'], widths: [1280], looks: ['light-en'] },
);

const browser = await chromium.launch({
  executablePath: '/usr/bin/chromium',
  args: [
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
  ],
});
let port = 4710;

async function shoot(page, name) {
  await page.screenshot({ path: `${options.out}/${name}.png`, fullPage: true });
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  if (wide > 0) console.log(`${name}: ${wide} px too wide`);
  if (!options.axe) return;
  await page.evaluate(axe);
  const found = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations'] }));
  for (const violation of found.violations) {
    console.log(
      `${name}: ${violation.impact} ${violation.id}: ${violation.nodes
        .slice(0, 3)
        .map((node) => node.html.slice(0, 140))
        .join(' | ')}`,
    );
  }
}

for (const { mood, entities, pages, widths, looks } of shots) {
  const names = pages
    .flatMap((path) =>
      widths.flatMap((width) =>
        looks.map((look) => ({
          path,
          width,
          look,
          name: `${mood}-${entities}${path.replaceAll('/', '_')}-${width}-${look}`,
        })),
      ),
    )
    .filter(({ name }) => name.includes(options.only));
  if (names.length === 0) continue;
  port += 1;
  const child = spawn(
    process.execPath,
    [
      server,
      '--port',
      String(port),
      '--entities',
      String(entities),
      '--mood',
      mood,
      ...(options.dist === undefined ? [] : ['--dist', options.dist]),
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  await new Promise((resolve) => child.stdout.once('data', resolve));
  for (const { path, width, look, name } of names) {
    const [theme, language] = look.split('-');
    const context = await browser.newContext({
      viewport: { width, height: width === 390 ? 844 : width === 1920 ? 1080 : 800 },
      colorScheme: theme,
      locale: language === 'es' ? 'es-ES' : 'en-GB',
      timezoneId: 'Europe/Madrid',
    });
    const page = await context.newPage();
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type()) && !(mood === 'error' || mood === 'denied'))
        console.log(`${name}: ${message.text()}`);
    });
    page.on('pageerror', (error) => console.log(`${name}: ${error.message}`));
    await page.goto(`http://127.0.0.1:${port}${path}`);
    await page.waitForLoadState('load');
    await page.waitForTimeout(
      mood === 'error' || /\/(?:entities|models)\//.test(path) || path.includes('/incidents/') ? 2500 : 900,
    );
    await shoot(page, name);
    await context.close();
  }
  child.kill();
}
await browser.close();
