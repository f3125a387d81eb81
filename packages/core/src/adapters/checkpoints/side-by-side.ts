/** So many at a time: one after the other a store far away would hold up whoever waits, all at once it would refuse. */
const SIDE_BY_SIDE = 8;

export async function sideBySide<T>(all: readonly T[], work: (one: T) => Promise<unknown>): Promise<void> {
  for (let at = 0; at < all.length; at += SIDE_BY_SIDE)
    await Promise.all(all.slice(at, at + SIDE_BY_SIDE).map(work));
}
