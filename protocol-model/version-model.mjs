// T's change log: n transactions take a version, commit in any order; a follower asks for versions above the last it saw.
export function versionModel(cfg) {
  const bug = new Set(cfg.bugs || []);
  const init = { v: 0, tx: Array(cfg.n).fill(0), ok: [], seen: 0, got: [] };
  function next(s, out) {
    const open = s.tx.some((x, _i) => x && !s.ok.includes(x));
    s.tx.forEach((x, i) => {
      const t = JSON.parse(JSON.stringify(s));
      if (!x && (bug.has('sequence') || !open)) {
        t.tx[i] = ++t.v;
        out(`tx ${i} takes ${t.v}`, t);
      }
      if (x && !s.ok.includes(x)) {
        t.ok = [...s.ok, x].sort();
        out(`tx ${i} commits ${x}`, t);
      }
    });
    const n = s.ok.filter((x) => x > s.seen);
    if (n.length) out(`follower reads ${n}`, { ...s, got: [...s.got, ...n].sort(), seen: Math.max(...n) });
  }
  return {
    init,
    next,
    check: (s) => {
      const m = s.ok.filter((x) => x < s.seen && !s.got.includes(x));
      return m.length ? `follower at ${s.seen} will never see ${m}` : null;
    },
  };
}
