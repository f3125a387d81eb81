// Breadth-first explicit-state search. States are JSON-able objects; visited = 64-bit hash compaction.
function hash2(s) {
  let h1 = 0xdeadbeef,
    h2 = 0x41c6ce57;
  for (let i = 0; i < s.length; i++) {
    const c = s.charCodeAt(i);
    h1 = Math.imul(h1 ^ c, 2654435761);
    h2 = Math.imul(h2 ^ c, 1597334677);
    h1 = (h1 << 13) | (h1 >>> 19);
    h2 = (h2 << 15) | (h2 >>> 17);
  }
  h1 = Math.imul(h1 ^ (h1 >>> 16), 2246822507) ^ Math.imul(h2 ^ (h2 >>> 13), 3266489909);
  h2 = Math.imul(h2 ^ (h2 >>> 16), 2246822507) ^ Math.imul(h1 ^ (h1 >>> 13), 3266489909);
  return [h1 >>> 0, h2 >>> 0 || 1];
}
class HSet {
  constructor(bits = 16) {
    this.n = 0;
    this.alloc(bits);
  }
  alloc(bits) {
    this.mask = (1 << bits) - 1;
    this.bits = bits;
    this.a = new Uint32Array(1 << bits);
    this.b = new Uint32Array(1 << bits);
  }
  add(h1, h2) {
    if (this.n * 10 > (this.mask + 1) * 6) this.grow();
    let i = h1 & this.mask;
    while (this.b[i] !== 0) {
      if (this.a[i] === h1 && this.b[i] === h2) return false;
      i = (i + 1) & this.mask;
    }
    this.a[i] = h1;
    this.b[i] = h2;
    this.n++;
    return true;
  }
  grow() {
    const a = this.a,
      b = this.b;
    this.alloc(this.bits + 1);
    this.n = 0;
    for (let i = 0; i < a.length; i++) if (b[i]) this.add(a[i], b[i]);
  }
}
/**
 * Counts how often each bounded kind of step was taken (`b` of a state: what is left of it). A scenario in which
 * one never is looks at nothing there: it must fail, or a promise passes because its fault cannot happen.
 */
function countSpent(fired, before, after) {
  for (const k in before) if (after[k] < before[k]) fired[k] = (fired[k] || 0) + 1;
}
export function explore({ init, next, check, maxStates = 3e6, maxMs = 600e3 }) {
  const t0 = Date.now(),
    seen = new HSet(),
    labels = [],
    lid = new Map(),
    fired = {};
  for (const k in init.b || {}) if (init.b[k] > 0) fired[k] = 0;
  let cap = 1 << 16,
    par = new Int32Array(cap),
    lab = new Int32Array(cap),
    n = 0,
    depth = 0,
    trans = 0;
  const put = (s, p, l) => {
    const [a, b] = hash2(JSON.stringify(s));
    if (!seen.add(a, b)) return -1;
    if (n === cap) {
      cap *= 2;
      const q = new Int32Array(cap);
      q.set(par);
      par = q;
      const r = new Int32Array(cap);
      r.set(lab);
      lab = r;
    }
    let k = lid.get(l);
    if (k === undefined) {
      k = labels.length;
      labels.push(l);
      lid.set(l, k);
    }
    par[n] = p;
    lab[n] = k;
    return n++;
  };
  const trace = (i) => {
    const t = [];
    while (i > 0) {
      t.push(labels[lab[i]]);
      i = par[i];
    }
    return t.reverse();
  };
  let cur = [],
    done = null;
  put(init, -1, 'init');
  cur.push([0, init]);
  const bad = check(init);
  if (bad) return { bad, trace: [], states: 1, trans: 0, depth: 0, ms: 0, complete: false };
  while (cur.length && !done) {
    const nxt = [];
    depth++;
    for (const [i, s] of cur) {
      next(s, (l, t) => {
        if (done) return;
        trans++;
        if (s.b) countSpent(fired, s.b, t.b);
        const j = put(t, i, l);
        if (j < 0) return;
        const b = check(t);
        if (b) {
          done = { bad: b, trace: trace(j), state: t };
          return;
        }
        nxt.push([j, t]);
      });
      if (done) break;
      if (n > maxStates || Date.now() - t0 > maxMs) {
        done = { limit: true };
        break;
      }
    }
    cur = nxt;
  }
  const idle = Object.keys(fired).filter((k) => !fired[k]);
  return { ...(done || {}), fired, idle, states: n, trans, depth, ms: Date.now() - t0, complete: !done };
}
