/**
 * From selectors to the roots of a pass. Most are a matter of rule and key; those that ask for a state or for
 * dependents are answered by a dry pass over the whole graph first.
 */
import type { Checked, Diagnostic } from './diagnostic.ts';
import { error } from './diagnostic.ts';
import { dependentsOf } from './graph/dependents.ts';
import type { Graph, KeyFilter } from './graph/graph.ts';
import type { Selector } from './graph/selector.ts';
import { parseSelectors } from './graph/selector.ts';
import type { Manifest } from './manifest/model.ts';
import type { Wanted } from './run/roots.ts';
import { Roots } from './run/roots.ts';
import { schedule } from './run/scheduler.ts';
import type { Session } from './run/session.ts';
import type { Span } from './task.ts';

/** A dry session over the same records: made only when a selector needs it. */
type Probe = () => Session;

export interface Selection {
  readonly selectors: readonly Selector[];
  readonly roots: Roots;
}

/** What a request selects, or all that is wrong with the graph or with how it is asked for. */
export async function select(
  session: Session,
  request: { readonly selectors: readonly string[]; readonly between: Span | undefined },
  probe: Probe,
): Promise<Checked<Selection>> {
  const { manifest } = session.graph;
  const problems = session.check();
  if (problems.length > 0) return { ok: false, diagnostics: problems };
  const texts = request.selectors.map((text) => withinWorkspace(text, session.workspace));
  const selectors = parseSelectors(texts, manifest, request.between);
  if (!selectors.ok) return selectors;
  const matches = checkMatches(session.graph, selectors.value, texts);
  if (!matches.ok) return matches;
  const roots = await rootsOf(selectors.value, manifest, probe);
  if (!roots.ok) return roots;
  return { ok: true, value: { selectors: selectors.value, roots: roots.value }, warnings: [] };
}

/** An output may be named by its absolute path, as shells complete it. */
function withinWorkspace(text: string, workspace: string): string {
  const plus = text.startsWith('+') ? '+' : '';
  const path = text.slice(plus.length);
  return path.startsWith(`${workspace}/`) ? plus + path.slice(workspace.length + 1) : text;
}

const always: KeyFilter = () => true;

async function rootsOf(
  selectors: readonly Selector[],
  manifest: Manifest,
  probe: Probe,
): Promise<Checked<Roots>> {
  const wanted: Wanted[] = [];
  const diagnostics: Diagnostic[] = [];
  const surveys = new Map<string, Session>();
  for (const selector of selectors) {
    const direct = directly(selector, probe);
    wanted.push(...direct);
    if (selector.kind === 'path' && direct.length === 0) {
      const hint = 'run `pipeline graph` to see what is made';
      diagnostics.push(error(`no target makes "${selector.path}"`, undefined, hint));
    }
    if (selector.kind !== 'state' && !selector.dependents) continue;
    // What is built on request only, and nobody asked for, is no matter of @stale.
    const asked = selector.kind === 'state' && selector.state === 'stale' ? 'default' : 'all';
    const surveyed = surveys.get(asked) ?? (await survey(manifest, probe, asked));
    surveys.set(asked, surveyed);
    const during = selector.kind === 'path' ? always : selector.during;
    const picked = pick(surveyed, selector, direct);
    wanted.push(...byId(surveyed.graph, picked, during));
    // What failed is there already.
    if (selector.kind !== 'state' || selector.state !== 'failed')
      wanted.push(...newcomers(surveyed.graph, picked, during));
  }
  if (diagnostics.length > 0) return { ok: false, diagnostics };
  return { ok: true, value: new Roots(wanted), warnings: [] };
}

/** What is selected by rule and key alone, whether its keys are known or not. */
function directly(selector: Selector, probe: Probe): readonly Wanted[] {
  switch (selector.kind) {
    case 'state':
      return [];
    case 'rule':
      return [{ rule: selector.rule, filter: selector.filter }];
    case 'path':
      return makersOf(selector.path, probe());
  }
}

/** The target that makes a path, those that may once their keys are known, and those that wrote a numbered one. */
function makersOf(path: string, { graph, paths, loaded }: Session): readonly Wanted[] {
  return paths.outputs.flatMap((output): Wanted[] => {
    const { rule } = output;
    if (output.numbered) {
      const only = new Set<string>();
      for (const [id, { outputs }] of loaded.successes) {
        const wrote = outputs.some((each) => path === each.path || path.startsWith(`${each.path}/`));
        if (wrote && (id === rule.name || id.startsWith(`${rule.name}/`))) only.add(id);
      }
      return only.size === 0 ? [] : [{ rule, filter: always, only }];
    }
    const maker = output.makerOf(path);
    if (maker === undefined) return [];
    if (maker.kind === 'target')
      return [{ rule, filter: always, only: new Set([graph.target(maker.target).id]) }];
    return output.readingsOf(path).map((reading) => ({
      rule,
      filter: (name, key) => (reading.get(name) ?? key) === key,
    }));
  });
}

/** A diagnostic for each selector that no target and no key still unknown answers to. */
export function checkMatches(
  graph: Graph,
  selectors: readonly Selector[],
  texts: readonly string[],
): Checked<undefined> {
  const unmatched = texts.filter((text) => {
    const rules = selectors.flatMap((each) => (each.kind === 'rule' && each.text === text ? [each] : []));
    return (
      rules.length > 0 &&
      rules.every(({ rule, filter }) => {
        const { targets, awaits } = graph.enumerate(rule, filter);
        return targets.length + awaits.length === 0;
      })
    );
  });
  const hint = 'run `pipeline status` to see which there are; keys are spelt as in the manifest';
  const diagnostics = unmatched.map((text) => error(`no target matches "${text}"`, undefined, hint));
  return diagnostics.length > 0 ? { ok: false, diagnostics } : { ok: true, value: undefined, warnings: [] };
}

async function survey(manifest: Manifest, probe: Probe, asked: 'default' | 'all'): Promise<Session> {
  const session = probe();
  const rules = [...manifest.rules.values()].filter((rule) => asked === 'all' || rule.default);
  await schedule(session, new Roots(rules.map((rule) => ({ rule, filter: always }))), {
    runner: undefined,
    jobs: 1,
    failFast: false,
    signal: new AbortController().signal,
    emit: () => undefined,
  });
  return session;
}

/** Targets in the state that is asked for, or the dependents of what is selected. */
function pick(session: Session, selector: Selector, direct: readonly Wanted[]): ReadonlySet<number> {
  const { graph, paths } = session;
  if (selector.kind === 'state') {
    const picked = graph.targets.filter(({ index }) => {
      const state = session.settled(index)?.state;
      return selector.state === 'failed' ? state === 'failed' : state === 'stale' || state === 'pending';
    });
    return new Set(picked.map(({ index }) => index));
  }
  const targets: number[] = [];
  const toCome: { giver: number; rule: string }[] = [];
  for (const { rule, filter, only } of direct) {
    const found = graph.enumerate(rule, filter);
    targets.push(...found.targets.filter((index) => only?.has(graph.target(index).id) ?? true));
    if (only === undefined) toCome.push(...found.unavailable.map((giver) => ({ giver, rule: rule.name })));
  }
  return dependentsOf(graph, paths, { targets, toCome }, (index) => session.settled(index) !== undefined);
}

/** Only at keys that were picked: to enumerate others could await givers that nobody asked for. */
function byId(graph: Graph, picked: ReadonlySet<number>, during: KeyFilter): readonly Wanted[] {
  const all = [...picked].map((index) => graph.target(index));
  return [...graph.manifest.rules.values()].flatMap((rule): Wanted[] => {
    const targets = all.filter((target) => target.rule === rule);
    if (targets.length === 0) return [];
    const keys = new Map(
      rule.for.map((name, at) => [name, new Set(targets.map((target) => target.keys[at]))]),
    );
    const filter: KeyFilter = (name, key, whole) =>
      during(name, key, whole) && keys.get(name)?.has(key) === true;
    return [{ rule, filter, only: new Set(targets.map(({ id }) => id)) }];
  });
}

/** Targets that are not there yet: whoever gives keys may give more of them when it is built. */
function newcomers(graph: Graph, picked: ReadonlySet<number>, during: KeyFilter): readonly Wanted[] {
  return [...picked].flatMap((index) => {
    const { rule: giver, keys } = graph.target(index);
    return graph.dynamicDimensionsOf(giver).flatMap(({ name, of }) => {
      const known = graph.keysOf(name, new Map(of === undefined ? [] : [[of, keys[0] ?? '']]));
      const filter: KeyFilter = (dimension, key, whole) =>
        during(dimension, key, whole) &&
        (dimension !== of || key === keys[0]) &&
        (dimension !== name || !('keys' in known && known.positions.has(key)));
      return [...graph.manifest.rules.values()]
        .filter((rule) => rule.for.includes(name))
        .map((rule) => ({ rule, filter }));
    });
  });
}
