/** For tests of the reconciler in which no host is marked. */
export const UNPROVEN = {
  proof: async () => undefined,
  prove: async () => {},
  proveRun: async () => {},
  forgetMarks: async () => {},
  remember: async () => {},
  standStill: async () => {},
};
