/**
 * Who may be a member of a group: its owner, and who has the permission on this group and its stream. Whoever is not
 * limited is let in without a look at the group.
 */
import { allows } from '@foreshard/core/access';
import type { GroupStore } from '@foreshard/core/consuming';
import { isOwner, type OwnedGroup, requireOnGroup } from '@foreshard/core/operations';
import type { Standing } from '../api/index.ts';

/** Members poll several times a second; the owner and the stream of a group change only when it is made anew. */
const KNOWN_FOR_MS = 2_000;
const KNOWN_MAX = 2_000;
const CONSUMING = 'groups:consume';

interface Known {
  readonly group: OwnedGroup;
  readonly readAtMs: number;
}

export class GroupDoor {
  private readonly groups: Pick<GroupStore, 'list'>;
  private readonly streamName: (id: number) => string | undefined;
  private known = new Map<string, Known>();

  constructor(groups: Pick<GroupStore, 'list'>, streamName: (id: number) => string | undefined) {
    this.groups = groups;
    this.streamName = streamName;
  }

  /**
   * Answers whether the caller still may.
   * @throws ForeshardError forbidden
   */
  async opened(name: string, { principal, holds }: Standing): Promise<() => boolean> {
    if (allows(principal.grants, CONSUMING)) return () => holds(CONSUMING);
    const group = await this.groupNamed(name);
    requireOnGroup(principal, CONSUMING, group);
    if (isOwner(principal, group)) return () => holds();
    return () => holds(CONSUMING, { group: group.group, stream: group.stream });
  }

  private async groupNamed(name: string): Promise<OwnedGroup> {
    const nowMs = performance.now();
    const known = this.known.get(name);
    if (known !== undefined && nowMs - known.readAtMs < KNOWN_FOR_MS) return known.group;
    const all = await this.groups.list();
    const found = all.find((one) => one.name === name);
    // one that reads re-driven events is judged as the group that they are of
    const judged = all.find((one) => one.name === (found?.redriveOf ?? name));
    const group = {
      group: judged?.name ?? name,
      stream: judged && this.streamName(judged.stream),
      owner: judged?.owner,
    };
    if (this.known.size >= KNOWN_MAX) this.known = new Map();
    if (found !== undefined) this.known.set(name, { group, readAtMs: nowMs });
    return group;
  }
}
