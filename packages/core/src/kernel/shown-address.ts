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
