/** The token store that wakes every edge after a token was created or revoked, so that it holds there at once. */
import type { ChangeNotifier } from '../../topology/index.ts';
import type { TokenStore } from '../prisma/index.ts';

export class NotifyingTokenStore implements TokenStore {
  private readonly store: TokenStore;
  private readonly changes: Pick<ChangeNotifier, 'notify'>;

  constructor(store: TokenStore, changes: Pick<ChangeNotifier, 'notify'>) {
    this.store = store;
    this.changes = changes;
  }

  list: TokenStore['list'] = () => this.store.list();
  activeHashes: TokenStore['activeHashes'] = () => this.store.activeHashes();
  markUsed: TokenStore['markUsed'] = (ids, at) => this.store.markUsed(ids, at);

  create: TokenStore['create'] = (request) => this.noted(this.store.create(request));
  revoke: TokenStore['revoke'] = (id) => this.noted(this.store.revoke(id));
  rotate: TokenStore['rotate'] = (id, request) => this.noted(this.store.rotate(id, request));

  private async noted<T>(change: Promise<T>): Promise<T> {
    const result = await change;
    // without Redis edges find out when they read the list anew, after three seconds
    await this.changes.notify(0).catch(() => {});
    return result;
  }
}
