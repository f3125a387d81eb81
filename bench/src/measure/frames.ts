/** How evenly a page draws while a hand moves over it. */
import type { openBrowser } from '../../../e2e/src/browser.ts';

export type Page = Awaited<ReturnType<Awaited<ReturnType<typeof openBrowser>>['newPage']>>;

/** The times between frames, in milliseconds, while `move` is called again and again. */
export async function frames(
  page: Page,
  seconds: number,
  move: (page: Page, i: number) => Promise<void>,
): Promise<number[]> {
  await page.evaluate(() => {
    const times: number[] = [];
    Object.assign(window, { frameTimes: times });
    const tick = (ms: number) => {
      times.push(ms);
      requestAnimationFrame(tick);
    };
    requestAnimationFrame(tick);
  });
  const endMs = performance.now() + seconds * 1_000;
  for (let i = 0; performance.now() < endMs; i++) await move(page, i);
  const times = await page.evaluate(() => (window as unknown as { frameTimes: number[] }).frameTimes);
  return times.slice(1).map((ms, i) => ms - times[i]!);
}
