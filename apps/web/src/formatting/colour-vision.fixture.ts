/**
 * How colours look to people who see fewer of them, and how far two are apart then. The matrices are those of
 * Machado, Oliveira and Fernandes (2009), "A physiologically-based model for simulation of color vision deficiency",
 * at full severity, on linear sRGB; distances are Euclidean in OKLab (Ottosson 2020), where 0.02 can just be seen.
 */
export type Rgb = readonly [r: number, g: number, b: number];

export const VISIONS = ['usual', 'deuteranopia', 'protanopia', 'tritanopia'] as const;
type Vision = (typeof VISIONS)[number];

type Matrix = readonly [Rgb, Rgb, Rgb];
const MATRICES: Readonly<Record<Vision, Matrix>> = {
  usual: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  deuteranopia: [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
  protanopia: [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  tritanopia: [
    [1.255528, -0.076749, -0.178779],
    [-0.078411, 0.930809, 0.147602],
    [0.004733, 0.691367, 0.3039],
  ],
};

/** Of bytes of sRGB, as somebody sees them. */
function seenAs(colour: Rgb, vision: Vision): Rgb {
  const [r, g, b] = linear(colour);
  const row = ([x, y, z]: Rgb) => Math.min(1, Math.max(0, x * r + y * g + z * b));
  const [first, second, third] = MATRICES[vision];
  return [row(first), row(second), row(third)];
}

/** How far two colours are apart for somebody. */
export function distance(a: Rgb, b: Rgb, vision: Vision): number {
  const [x, y] = [oklab(seenAs(a, vision)), oklab(seenAs(b, vision))];
  return Math.hypot(x[0] - y[0], x[1] - y[1], x[2] - y[2]);
}

/** "#rrggbb", "rgb(r, g, b)" and "oklch(l c h)", with or without "/ alpha", as bytes of sRGB. */
export function rgbOf(colour: string): Rgb {
  const hex = /^#([0-9a-f]{6})$/i.exec(colour)?.[1];
  if (hex !== undefined) return bytes((at) => Number.parseInt(hex.slice(at * 2, at * 2 + 2), 16));
  const numbers = [...colour.matchAll(/[\d.]+/g)].map(([digits]) => Number(digits));
  if (colour.startsWith('rgb')) return bytes((at) => numbers[at]!);
  const [lightness, chroma, hue] = numbers as [number, number, number];
  const angle = (hue * Math.PI) / 180;
  return fromOklab(lightness, chroma * Math.cos(angle), chroma * Math.sin(angle));
}

function bytes(at: (i: number) => number): Rgb {
  return [at(0), at(1), at(2)];
}

function linear([r, g, b]: Rgb): Rgb {
  const one = (byte: number) => {
    const c = byte / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  };
  return [one(r), one(g), one(b)];
}

function oklab([r, g, b]: Rgb): Rgb {
  const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
  const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
  const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
  return [
    0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
    1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
    0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s,
  ];
}

function fromOklab(lightness: number, a: number, b: number): Rgb {
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  const byte = (c: number) => {
    const within = Math.min(1, Math.max(0, c));
    return Math.round(255 * (within <= 0.0031308 ? 12.92 * within : 1.055 * within ** (1 / 2.4) - 0.055));
  };
  return [
    byte(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s),
    byte(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s),
    byte(-0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s),
  ];
}
