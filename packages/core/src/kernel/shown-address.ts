/**
 * What people see of an address that others gave: where it leads, and nothing that may let somebody in there. A user, a
 * password, a query and a fragment may each be a token, and only the receiver knows.
 */

/** Of a web address. What is no address is not shown at all. */
export function shownAddress(url: string): string {
  if (!URL.canParse(url)) return 'address hidden';
  const { protocol, host, pathname } = new URL(url);
  return `${protocol}//${host}${pathname}`;
}

/** Where an address is shown as it is, it must hold neither. What is no address has none. */
export function hasUserOrPassword(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { username, password } = new URL(url);
  return username !== '' || password !== '';
}
