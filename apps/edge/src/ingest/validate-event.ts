/**
 * Is this JSON value a CloudEvent (1.0.2) that we can store? Pure; the first fault found is answered, with
 * a JSON pointer into the event. Only what routing, identity and every reader rely on is checked.
 */
export interface CloudEventHead {
  readonly id: string;
  readonly source: string;
  readonly type: string;
  readonly subject?: string;
  readonly partitionkey?: string;
}

export interface EventFault {
  readonly detail: string;
  /** RFC 6901, from the event's root */
  readonly pointer: string;
}

const REQUIRED = ['id', 'source', 'type'] as const;
/** they decide where an event goes, so a wrong type must not be passed over */
const OPTIONAL = ['partitionkey', 'subject'] as const;

/** `undefined`: the value is an event; narrow it with `headOf`. */
export function eventFault(value: unknown): EventFault | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return { detail: 'an event is a JSON object', pointer: '' };
  }
  const event = value as Record<string, unknown>;
  if (event.specversion !== '1.0') {
    return { detail: '"specversion" must be "1.0"', pointer: '/specversion' };
  }
  for (const name of REQUIRED) {
    const attribute = event[name];
    if (typeof attribute === 'string' && attribute.length > 0) continue;
    const detail =
      attribute === undefined ? `"${name}" is missing` : `"${name}" must be a string that is not empty`;
    return { detail, pointer: `/${name}` };
  }
  for (const name of OPTIONAL) {
    const attribute = event[name];
    if (attribute === undefined || (typeof attribute === 'string' && attribute.length > 0)) continue;
    return { detail: `"${name}" must be a string that is not empty, where it is given`, pointer: `/${name}` };
  }
  return undefined;
}

/** REQUIRES a value without fault. */
export function headOf(value: unknown): CloudEventHead {
  return value as CloudEventHead;
}

/** Events of one key keep their order and lie together. */
export function keyOf(event: CloudEventHead): string {
  return event.partitionkey ?? event.subject ?? event.source;
}
