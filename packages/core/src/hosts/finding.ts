/** One thing that was looked at: how it stands, and what to do where it does not stand well. */
export interface Finding {
  readonly level: 'ok' | 'warning' | 'problem';
  /** what was looked at: "host 3" */
  readonly subject: string;
  readonly what: string;
  /** empty when all is well */
  readonly cure: string;
}

export function ok(subject: string, what: string): Finding {
  return { level: 'ok', subject, what, cure: '' };
}

export function warning(subject: string, what: string, cure: string): Finding {
  return { level: 'warning', subject, what, cure };
}

export function problem(subject: string, what: string, cure: string): Finding {
  return { level: 'problem', subject, what, cure };
}
