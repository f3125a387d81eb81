import { type ClassValue, clsx } from 'clsx';
import { extendTailwindMerge } from 'tailwind-merge';

/** Later classes win; the console's own names of the type scale are told to the merger. */
const merge = extendTailwindMerge({
  extend: { classGroups: { 'font-size': [{ text: ['2xs', 'xs', 'sm', 'base', 'md', 'lg', 'xl', '2xl'] }] } },
});

export function cn(...classes: ClassValue[]): string {
  return merge(clsx(classes));
}
