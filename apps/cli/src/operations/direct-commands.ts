/** Commands that act on the stores of the control plane and have no operation an edge could carry out, and why. */
export const DIRECT_COMMANDS = {
  'audit rotate-key': 'It writes the database of DATABASE_URL, without an edge: edges have no key.',
  'audit verify': 'It reads the database of DATABASE_URL, without an edge: edges have no key.',
  'forecasts show':
    'It reads the database of DATABASE_URL, without an edge: edges hold no code that forecasts.',
} as const;
