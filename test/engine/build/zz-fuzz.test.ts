import { mkdirSync, readFileSync, writeFileSync, existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { Task, TaskContext } from '../../../src/engine/task.ts';
import { fakeTasks } from '../../fake-task.ts';
import { Rig } from '../../rig.ts';

const M = `
version: 1
dimensions: { k: [a, b, c] }
rules:
  ask: { for: [k], out: { text: "ask/\${k}" }, task: ask, source: true, refresh: { after: 1h, sweep: 7d }, retries: 1 }
  fill: { for: [k], in: { text: { rule: ask } }, out: { text: "fill/\${k}" }, task: fill, source: true, intermediate: true }
  bars: { for: [k], in: { text: { rule: fill }, ask: { rule: ask } }, out: { text: "bars/\${k}" }, task: cat }
  fan: { in: { text: { rule: bars, failed: omit } }, out: { text: fan.txt }, task: cat }
  strict: { in: { text: { rule: bars } }, out: { text: strict.txt }, task: cat }
`;
function rng(seed: number) { let s = seed >>> 0; return () => { s = (s * 1664525 + 1013904223) >>> 0; return s / 2 ** 32; }; }
const put = (ctx: TaskContext, text: string): void => writeFileSync(ctx.outputs['text'] ?? '', text);

function world() {
  const w = { v: { a: 0, b: 0, c: 0 } as Record<string, number>, half: new Set<string>(), bad: new Set<string>(), absent: new Set<string>(), stop: undefined as AbortController | undefined, stopAt: '' };
  const ask: Task['run'] = (ctx) => {
    const k = ctx.partition.keys['k'] ?? '';
    if (w.stopAt === ctx.target) w.stop?.abort();
    if (w.absent.has(k)) return { absent: 'none', recheckAfter: 1000 };
    if (w.bad.has(k)) return { failed: { code: 'bad', message: 'bad', transient: true } };
    put(ctx, `ask ${k} ${w.v[k]}`);
    return undefined;
  };
  const fill: Task['run'] = (ctx) => {
    const k = ctx.partition.keys['k'] ?? '';
    const text = readFileSync(String(ctx.inputs['text']), 'utf8');
    if (w.stopAt === ctx.target) w.stop?.abort();
    const raw = `raw/${k}`;
    const path = join(ctx.workspace, raw);
    if (w.half.has(k)) { put(ctx, `half`); return { incomplete: { code: 'half', message: 'half' }, kept: existsSync(path) ? [raw] : [] }; }
    if (!existsSync(path)) { mkdirSync(join(ctx.workspace, 'raw'), { recursive: true }); writeFileSync(path, `answer ${k}`); }
    put(ctx, `${text} + ${readFileSync(path, 'utf8')}`);
    return { kept: [raw], changes: { rows: 1 } };
  };
  const cat: Task['run'] = (ctx) => {
    if (w.stopAt === ctx.target) w.stop?.abort();
    put(ctx, [ctx.target, ...Object.values(ctx.inputs).flat().map((p) => readFileSync(String(p), 'utf8')), JSON.stringify(ctx.failed['text'] ?? []), JSON.stringify(ctx.absent['text'] ?? [])].join('\n'));
  };
  return { w, builtins: fakeTasks({ ask, fill, cat }) };
}
const SEEDS = Number(process.env['SEEDS'] ?? 60);
for (let seed = 1; seed <= SEEDS; seed++) it(`seed ${seed}`, async () => {
  const r = rng(seed * 7919);
  const pick = <T,>(xs: readonly T[]): T => xs[Math.floor(r() * xs.length)] as T;
  const { w, builtins } = world();
  const rig = new Rig({ 'pipeline.yaml': M }, { builtins });
  const KS = ['a', 'b', 'c'];
  const log: string[] = [];
  for (let step = 0; step < 14; step++) {
    const k = pick(KS);
    const op = pick(['v', 'half', 'bad', 'absent', 'del', 'tamper', 'delraw', 'none', 'none']);
    if (op === 'v') w.v[k] = (w.v[k] ?? 0) + 1;
    else if (op === 'half' || op === 'bad' || op === 'absent') { if (!w[op].delete(k)) w[op].add(k); }
    else if (op === 'del' || op === 'tamper') { const f = pick([`ask/${k}`, `fill/${k}`, `bars/${k}`, 'fan.txt', 'strict.txt']); if (existsSync(rig.path(f))) op === 'del' ? rmSync(rig.path(f)) : rig.write(f, `tampered ${step}`); }
    else if (op === 'delraw') rmSync(rig.path(`raw/${k}`), { force: true });
    const before = await rig.status([], {});
    const ask = { jobs: pick([1, 4]), refresh: r() < 0.3, failFast: r() < 0.15, offline: r() < 0.1 };
    w.stop = undefined; w.stopAt = '';
    if (r() < 0.2) { w.stop = new AbortController(); w.stopAt = pick([`ask/${k}`, `fill/${k}`, `bars/${k}`, 'fan']); }
    const b = await rig.build([], { ...ask, ...(w.stop ? { signal: w.stop.signal } : {}) });
    log.push(JSON.stringify([op, k, ask, w.stopAt, b.outcomes]));
    if (!ask.refresh && !ask.offline && !ask.failFast && !b.interrupted) {
      const state = new Map(before.map((t) => [t.target, t.state]));
      const started = new Set(b.events.flatMap((e) => (e.type === 'target-started' ? [e.target] : [])));
      for (const [t, s] of state) {
        const hidden = t.startsWith('fill/') || s === 'absent';
        if (s === 'fresh' && started.has(t) && !hidden) throw new Error(`${t} was fresh and ran\n${log.join('\n')}`);
        if ((s === 'stale') && !started.has(t) && b.outcomes[t] !== 'blocked' && b.outcomes[t] !== 'absent') throw new Error(`${t} was stale and did not run: ${b.outcomes[t]} ${JSON.stringify(before.find((x) => x.target === t))}\n${log.join('\n')}`);
      }
      for (const t of await rig.status()) {
        const ok = ['fresh', 'absent'].includes(t.state) || ['failed', 'blocked', 'pending'].includes(t.state);
        if (!ok) throw new Error(`${t.target} is ${t.state} after a build ${JSON.stringify(t.reasons)}\n${log.join('\n')}`);
        if (['failed', 'blocked'].includes(b.outcomes[t.target] ?? '') !== ['failed', 'blocked'].includes(t.state) && t.state !== 'pending') throw new Error(`${t.target} ${b.outcomes[t.target]} vs ${t.state}\n${log.join('\n')}`);
      }
    }
  }
  w.half.clear(); w.bad.clear(); w.absent.clear(); w.stop = undefined; w.stopAt = '';
  for (let i = 0; i < 2; i++) { const b = await rig.build([], { sweep: true }); expect(Object.values(b.outcomes).filter((o) => o === 'failed' || o === 'blocked' || o === 'absent'), log.join('\n')).toEqual([]); }
  const clean = new Rig({ 'pipeline.yaml': M }, { builtins });
  await clean.build();
  for (const f of ['fan.txt', 'strict.txt', ...KS.map((k) => `ask/${k}`), ...KS.map((k) => `bars/${k}`)]) expect(rig.read(f), log.join('\n')).toBe(clean.read(f));
  expect((await rig.build()).ran).toEqual([]);
});
