/** State is kept as JSON text: it cannot be changed behind the back of a snapshot, and what is no JSON is refused at once. */
import { ForeshardError } from '../edge/errors.ts';

/** of one key, in characters of its JSON */
export const KEY_STATE_CHARS_MAX = 1_000_000;
const DEPTH_MAX = 100;

/** @throws ForeshardError `invalid_state` that names the place */
export function jsonText(key: string, value: unknown): string {
  const fault = faultOf(value, '', 0);
  if (fault !== undefined)
    throw new ForeshardError('invalid_state', `the state of key "${key}" is not JSON: ${fault}`);
  const text = JSON.stringify(value);
  if (text.length > KEY_STATE_CHARS_MAX)
    throw new ForeshardError(
      'invalid_state',
      `the state of key "${key}" has ${text.length} characters of JSON, at most ${KEY_STATE_CHARS_MAX} are allowed`,
    );
  return text;
}

function faultOf(value: unknown, path: string, depth: number): string | undefined {
  const place = path === '' ? 'it' : path;
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return undefined;
  if (typeof value === 'number') return Number.isFinite(value) ? undefined : `${place} is ${value}`;
  if (typeof value !== 'object') return `${place} is ${value === undefined ? '' : 'a '}${typeof value}`;
  if (depth > DEPTH_MAX) return `${place} is deeper than ${DEPTH_MAX} levels, or contains itself`;
  if (Array.isArray(value)) return faultOfItems(value, path, depth);
  const prototype = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null)
    return `${place} is a ${prototype.constructor?.name ?? 'class instance'}`;
  for (const [name, each] of Object.entries(value)) {
    // left out by JSON, and read as undefined again
    if (each === undefined) continue;
    const fault = faultOf(each, `${path}.${name}`, depth + 1);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

function faultOfItems(items: readonly unknown[], path: string, depth: number): string | undefined {
  for (let i = 0; i < items.length; i++) {
    const fault = faultOf(items[i], `${path}[${i}]`, depth + 1);
    if (fault !== undefined) return fault;
  }
  return undefined;
}
