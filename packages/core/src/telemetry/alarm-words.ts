/** Why a host is not used and how to mend that, in the words of every place that tells it. */

export interface AlarmWords {
  readonly what: string;
  readonly cure: string;
}

/** `reason`: of the alarm that the worker raised; one that is not known here is looked into by the doctor. */
export function alarmWords(
  reason: string,
  { id, name }: { readonly id: number; readonly name: string },
): AlarmWords {
  switch (reason) {
    case 'regressed':
      return {
        what: `Host ${name} went back to an older state`,
        cure: `Start it on a newer copy of its data, if there is one. Then review the loss: foreshard hosts accept-loss ${id} --dry-run`,
      };
    case 'foreign':
      return {
        what: `Host ${name} is used by another control plane`,
        cure: 'Stop one of the two, then run "foreshard doctor --after-restore" on the one that goes on.',
      };
    case 'other':
      return {
        what: `Another host answers at the address of ${name}`,
        cure: 'Mend its address: "foreshard doctor" says which host answers there.',
      };
    default:
      return {
        what: `Host ${name} is not used until somebody has looked`,
        cure: 'Run "foreshard doctor": it says what it finds.',
      };
  }
}
