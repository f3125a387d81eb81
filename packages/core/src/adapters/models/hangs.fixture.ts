/** A planted model that never comes back, and cannot be asked to. */
export function forecast(): never {
  for (;;);
}
