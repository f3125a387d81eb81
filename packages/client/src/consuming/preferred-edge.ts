/**
 * The edge whose caches are warm for this member, where the edge names one. It is used only after it has answered, so an
 * address that cannot be reached from here costs nothing; and left as soon as it cannot be reached. A token never goes from
 * https to http.
 */
import type { Edges } from '../edge/edges.ts';
import { ForeshardError } from '../edge/errors.ts';
import { isOfOneEdge } from '../edge/retrying.ts';
import type { GroupCalls } from './group-calls.ts';

const PROBE_MS = 2_000;
const AVOIDED_MS = 60_000;

export class PreferredEdge {
  private readonly edges: Edges;
  private readonly calls: GroupCalls;
  private readonly isFollowed: boolean;
  private readonly avoidedUntilMs = new Map<string, number>();
  private isProbing = false;

  constructor(edges: Edges, calls: GroupCalls, isFollowed: boolean) {
    this.edges = edges;
    this.calls = calls;
    this.isFollowed = isFollowed;
  }

  suggested(given: string | undefined): void {
    const url = given?.replace(/\/+$/, '');
    if (url === undefined || !this.isFollowed || this.isProbing || url === this.calls.edge) return;
    if (url === this.edges.url) {
      this.calls.edge = undefined;
      return;
    }
    if (!this.mayBeTrusted(url) || (this.avoidedUntilMs.get(url) ?? 0) > performance.now()) return;
    this.isProbing = true;
    void this.edges.isAlive(url, PROBE_MS).then((isAlive) => {
      this.isProbing = false;
      if (isAlive) this.calls.edge = url;
      else this.avoid(url);
    });
  }

  async using<T>(call: () => Promise<T>): Promise<T> {
    try {
      return await call();
    } catch (error) {
      const { edge } = this.calls;
      if (edge !== undefined && error instanceof ForeshardError && isOfOneEdge(error)) {
        this.calls.edge = undefined;
        this.avoid(edge);
      }
      throw error;
    }
  }

  private avoid(url: string): void {
    this.avoidedUntilMs.set(url, performance.now() + AVOIDED_MS);
  }

  private mayBeTrusted(url: string): boolean {
    if (!URL.canParse(url)) return false;
    const { protocol } = new URL(url);
    return protocol === 'https:' || (protocol === 'http:' && this.edges.url.startsWith('http:'));
  }
}
