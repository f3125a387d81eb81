/** Pictures of what a test has brought about, in both themes and widths, with what is wrong in them. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { expect } from 'vitest';
import { violations, whenLoaded } from './look.ts';

const PICTURES = join(import.meta.dirname, '../../screenshots');
const THEMES = ['light', 'dark'] as const;
/** A desk, and a narrow phone. */
const WIDTHS = [1_440, 390] as const;

/** `axe`: also asks whether it is accessible. */
export async function takePictures(page: Page, folder: string, name: string, axe = true): Promise<void> {
  await mkdir(join(PICTURES, folder), { recursive: true });
  await whenLoaded(page);
  for (const theme of THEMES) {
    await page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' });
    await page.waitForFunction((wanted) => document.documentElement.dataset.theme === wanted, theme);
    for (const width of [...WIDTHS].reverse()) {
      await page.setViewportSize({ width, height: 1_000 });
      const path = join(PICTURES, folder, `${name}-${theme}-${width}.png`);
      await page.screenshot({ path, fullPage: true });
      const beyond = await page.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
      );
      expect([name, width, beyond]).toEqual([name, width, 0]);
    }
    if (axe) expect(await violations(page, { theme })).toEqual([]);
  }
}
