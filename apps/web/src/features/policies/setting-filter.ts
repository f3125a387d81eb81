/** Which settings are shown: by words, and by what is not the default or not saved. */
import { DEFAULT_POLICY, type Policy, policyDifferences } from '@foreshard/core/planning';
import type { PolicyField, PolicySection } from '../../server/policies/policy-fields.ts';
import { labelOf } from './policy-values.ts';

export const SHOWN = [
  ['all', 'All'],
  ['changed', 'Changed from default'],
  ['unsaved', 'Not saved'],
] as const;
export type Shown = (typeof SHOWN)[number][0];

export interface Filter {
  readonly text: string;
  readonly shown: Shown;
}

export const SECTION_TITLES: Readonly<Record<string, string>> = {
  general: 'General',
  host: 'Hosts',
  shardlet: 'Shardlets',
  rest: 'Against thrash',
  weight: 'Weights of the objective',
  forecast: 'Forecast',
  budget: 'Budget of a plan',
  scaling: 'Number of hosts',
  capacity: 'Capacity of a host',
  auto: 'Criteria of the mode “auto”',
  anticipation: 'Anticipation',
};

/** What is no number, with the words it is found by. */
export const CARDS = {
  mode: { paths: ['mode', 'four_eyes'], words: 'mode forecast-only ask auto four eyes two people approve' },
  windows: { paths: ['migration_window'], words: 'migration windows time zone weekday days begin' },
  scopes: { paths: ['scopes'], words: 'scopes stream cluster shards mode criteria' },
  placement: { paths: ['placement'], words: 'placement rules hosts labels pinned spread zones frozen' },
} as const;

/** By the paths that the choice lets through. */
export function pathsShown(shown: Shown, base: Policy, draft: Policy): (path: string) => boolean {
  if (shown === 'all') return () => true;
  const differing = policyDifferences(shown === 'changed' ? DEFAULT_POLICY : base, draft);
  const paths = new Set(differing.map(({ path }) => path));
  return (path) => paths.has(path);
}

export function isCardShown(
  card: keyof typeof CARDS,
  { text }: Filter,
  isShown: (path: string) => boolean,
): boolean {
  const { paths, words } = CARDS[card];
  return paths.some(isShown) && matches(words, text);
}

/** Sections with what is left of them; empty ones are left out. */
export function sectionsShown(
  sections: readonly PolicySection[],
  { text }: Filter,
  isShown: (path: string) => boolean,
): PolicySection[] {
  return sections.flatMap(({ name, fields }) => {
    const found = fields.filter((field) => isShown(field.path) && matches(wordsOf(name, field), text));
    return found.length === 0 ? [] : [{ name, fields: found }];
  });
}

function wordsOf(section: string, { path, description, unit }: PolicyField): string {
  return `${path} ${labelOf(path)} ${description} ${unit} ${SECTION_TITLES[section] ?? section}`;
}

/** Every word of the text, in whatever order. */
function matches(words: string, text: string): boolean {
  const place = words.toLowerCase();
  return text
    .toLowerCase()
    .split(/\s+/)
    .every((word) => place.includes(word));
}
