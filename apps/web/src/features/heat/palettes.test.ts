/** What people tell apart by colour, for people who see fewer of them. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { distance, type Rgb, rgbOf, VISIONS } from '../../formatting/colour-vision.fixture.ts';
import { colourAt, PALETTES, type Palette } from './colour-scale.ts';

/** In OKLab; 0.02 can just be seen between two fields that touch. */
const APART = 0.04;
/** Of marks that stand alone, such as the dot of a state. */
const MARKS_APART = 0.08;
const STEPS = 8;

const CSS = readFileSync(new URL('../../app/globals.css', import.meta.url), 'utf8');
const [LIGHT, DARK] = [blockOf(':root'), blockOf('[data-theme="dark"]')];

function blockOf(selector: string): ReadonlyMap<string, string> {
  const start = CSS.indexOf(`\n${selector} {`);
  const block = CSS.slice(start, CSS.indexOf('\n}', start));
  return new Map([...block.matchAll(/--([\w-]+): ([^;]+);/g)].map(([, name, value]) => [name!, value!]));
}

/** A token of a theme; the dark one inherits what it does not set. */
function token(theme: 'light' | 'dark', name: string): Rgb {
  return rgbOf((theme === 'dark' ? DARK.get(name) : undefined) ?? LIGHT.get(name)!);
}
const THEMES = ['light', 'dark'] as const;
const stepsOf = (palette: Palette) =>
  Array.from({ length: STEPS + 1 }, (_, i) => rgbOf(colourAt(i / STEPS, palette, 0.5)));

describe.each(VISIONS)('seen with %s vision', (vision) => {
  it.each([...PALETTES, 'diverging'] as const)('neighbours of the palette %s are apart', (palette) => {
    const steps = stepsOf(palette);
    for (let i = 1; i < steps.length; i++)
      expect(distance(steps[i - 1]!, steps[i]!, vision), `step ${i}`).toBeGreaterThan(APART);
  });

  it('too much and too little of a residual are apart, as far from zero as they are', () => {
    for (const share of [0.25, 0.1, 0])
      expect(
        distance(
          rgbOf(colourAt(share, 'diverging', 0.5)),
          rgbOf(colourAt(1 - share, 'diverging', 0.5)),
          vision,
        ),
      ).toBeGreaterThan(MARKS_APART);
  });

  describe.each(THEMES)('in the %s theme', (theme) => {
    const [none, unknown] = [token(theme, 'heat-zero'), token(theme, 'heat-unknown')];

    it.each(PALETTES)('none and not known are apart from each other and from all of %s', (palette) => {
      expect(distance(none, unknown, vision)).toBeGreaterThan(MARKS_APART);
      for (const step of stepsOf(palette)) {
        expect(distance(none, step, vision)).toBeGreaterThan(MARKS_APART);
        expect(distance(unknown, step, vision)).toBeGreaterThan(APART);
      }
    });

    it.each(PALETTES)('a box of the shard map without load is apart from all of %s', (palette) => {
      for (const step of stepsOf(palette))
        expect(distance(token(theme, 'box-none'), step, vision)).toBeGreaterThan(APART);
    });

    it.each([
      ['ok-mark', 'warn-mark'],
      ['warn-mark', 'bad-mark'],
      ['ok-mark', 'bad-mark'],
      ['accent', 'warn-mark'],
      ['accent', 'bad-mark'],
    ])('the marks %s and %s are apart', (one, other) => {
      expect(distance(token(theme, one), token(theme, other), vision)).toBeGreaterThan(MARKS_APART);
    });
  });
});

it('reads both ways in which colours are written', () => {
  expect(rgbOf('#0a0f16')).toEqual([10, 15, 22]);
  expect(rgbOf('rgb(10, 15, 22)')).toEqual([10, 15, 22]);
  expect(rgbOf('oklch(1 0 0)')).toEqual([255, 255, 255]);
  expect(rgbOf('oklch(0.628 0.2577 29.23)')).toEqual([255, 0, 0]);
});

it('takes red and green of one lightness for much alike without one of their cones', () => {
  const [red, green] = [rgbOf('oklch(0.6 0.14 27)'), rgbOf('oklch(0.6 0.14 140)')];
  expect(distance(red, green, 'usual')).toBeGreaterThan(0.2);
  expect(distance(red, green, 'deuteranopia')).toBeLessThan(0.1);
  expect(distance(red, green, 'tritanopia')).toBeGreaterThan(0.2);
});
