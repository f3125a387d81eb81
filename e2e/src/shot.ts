import { chromium } from 'playwright-core';
import { findChromium } from '@foreshard/local';
const [base, out, ...paths] = process.argv.slice(2);
const c: any = await findChromium().catch((e: any) => { console.log(e); return undefined; });
const browser = await chromium.launch({ executablePath: c?.program ?? c?.executablePath ?? '/usr/bin/chromium', args: ['--no-sandbox'], env: c?.env ?? process.env });
for (const spec of paths) {
  const [path, theme = 'light', w = '1440', h = '1000'] = spec.split('|');
  const page = await browser.newPage({ viewport: { width: Number(w), height: Number(h) }, colorScheme: theme as any });
  page.on('console', (m) => { if (m.type() === 'error') console.log('console:', m.text().slice(0, 300)); });
  page.on('pageerror', (e) => console.log('pageerror', String(e).slice(0, 500)));
  await page.goto(base + path); await page.waitForTimeout(4000);
  const name = `${out}/${path.replace(/\W+/g, '_')}-${theme}-${w}.png`;
  await page.screenshot({ path: name, fullPage: w === 'full' }); console.log(name);
  console.log(JSON.stringify(await page.evaluate(() => performance.getEntriesByType('measure').slice(-6).map((m) => [m.name, Math.round(m.duration * 10) / 10]))));
  await page.close();
}
await browser.close();
