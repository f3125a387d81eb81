import { describe, expect, it } from 'vitest';
import { formatBytes, formatCount, formatPercent, formatRate } from './numbers.ts';

const plain = (text: string) => text.replaceAll('\u00a0', ' ');

describe('formatRate', () => {
  it.each([
    [0, '0'],
    [0.04, '<0.1'],
    [0.44, '0.4'],
    [27.4, '27'],
    [9_876, '9,876'],
    [12_345, '12.3k'],
    [999_600, '1M'],
    [4_560_000, '4.56M'],
  ])('%d is written %s', (n, text) => expect(formatRate(n)).toBe(text));
});

describe('formatBytes', () => {
  it.each([
    [0, '0 B'],
    [812, '812 B'],
    [1_200, '1.2 kB'],
    [34_500_000, '34.5 MB'],
    [999_999_999, '1 GB'],
  ])('%d is written %s', (n, text) => expect(plain(formatBytes(n))).toBe(text));
});

it('counts are exact', () => expect(formatCount(3_000_000)).toBe('3,000,000'));

describe('formatPercent', () => {
  it.each([
    [0, '0 %'],
    [0.0001, '<0.1 %'],
    [0.015625, '1.6 %'],
    [0.905, '91 %'],
  ])('%d is written %s', (share, text) => expect(plain(formatPercent(share))).toBe(text));
});
