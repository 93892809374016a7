/**
 * From selectors to the roots of a pass. Most are a matter of rule and key; those that ask for a state or for
 * dependents are answered by a dry pass over the whole graph first.
 */
import type { Checked, Diagnostic } from './diagnostic.ts';
import { error } from './diagnostic.ts';
import { toComeOf } from './graph/dependents.ts';
import type { Graph, KeyFilter } from './graph/graph.ts';
import type { Selector } from './graph/selector.ts';
import { parseSelectors } from './graph/selector.ts';
import type { Manifest } from './manifest/model.ts';
import type { Wanted } from './run/roots.ts';
import { Roots } from './run/roots.ts';
import type { Session } from './run/session.ts';
import type { Surveyed } from './surveyed.ts';
import { mayGive, pickedIn, surveyOf } from './surveyed.ts';
import type { Span } from './task.ts';

/** A dry session over the same records: made only when a selector needs it. */
type Probe = () => Session;

export interface Selection {
  readonly selectors: readonly Selector[];
  readonly roots: Roots;
  /** As typed, with all that it may mean by rule and key. */
  readonly typed: readonly { readonly text: string; readonly asked: readonly Asked[] }[];
}

interface Asked {
  readonly selector: Selector;
  readonly direct: readonly Wanted[];
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
  const asked = selectors.value.map((selector) => ({ selector, direct: directly(selector, probe) }));
  const roots = await rootsOf(asked, manifest, probe);
  if (!roots.ok) return roots;
  const typed = texts.map((text) => ({
    text,
    asked: asked.filter(({ selector }) => selector.kind !== 'state' && selector.text === text),
  }));
  return { ok: true, value: { selectors: selectors.value, roots: roots.value, typed }, warnings: [] };
}

/** What was asked for and is not there, now that the pass has shown the keys. */
export function unmet(session: Session, { typed }: Selection): readonly Diagnostic[] {
  const { graph } = session;
  const means = ({ rule, filter, only }: Wanted): boolean => {
    if (only !== undefined) return true;
    const { targets, awaits, unavailable } = graph.enumerate(rule, filter);
    if (targets.length + awaits.length + unavailable.length > 0) return true;
    return toComeOf(graph, rule, filter, (giver) => mayGive(session, giver)).length > 0;
  };
  return typed.flatMap(({ text, asked }) => {
    const [first] = asked;
    if (first === undefined || asked.some(({ direct }) => direct.some(means))) return [];
    return [first.selector.kind === 'path' ? notMade(first.selector.path) : notMatched(text)];
  });
}

function notMade(path: string): Diagnostic {
  return error(`no target makes "${path}"`, undefined, 'run `pipeline graph` to see what is made');
}

function notMatched(text: string): Diagnostic {
  const hint = 'run `pipeline status` to see which there are; keys are spelt as in the manifest';
  return error(`no target matches "${text}"`, undefined, hint);
}

/** An output may be named by its absolute path, as shells complete it. */
function withinWorkspace(text: string, workspace: string): string {
  const plus = text.startsWith('+') ? '+' : '';
  const path = text.slice(plus.length);
  return path.startsWith(`${workspace}/`) ? plus + path.slice(workspace.length + 1) : text;
}

const always: KeyFilter = () => true;

async function rootsOf(asked: readonly Asked[], manifest: Manifest, probe: Probe): Promise<Checked<Roots>> {
  const wanted: Wanted[] = [];
  const diagnostics: Diagnostic[] = [];
  const surveys = new Map<string, Surveyed>();
  for (const { selector, direct } of asked) {
    wanted.push(...direct);
    if (selector.kind === 'path' && direct.length === 0) diagnostics.push(notMade(selector.path));
    if (selector.kind !== 'state' && !selector.dependents) continue;
    // What is built on request only, and nobody asked for, is no matter of @stale.
    const among = selector.kind === 'state' && selector.state === 'stale' ? 'default' : 'all';
    const surveyed = surveys.get(among) ?? (await surveyOf(manifest, among, probe()));
    surveys.set(among, surveyed);
    wanted.push(...pickedIn(surveyed, selector, direct));
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
      return [{ rule: selector.rule, filter: selector.filter, timed: selector.timed }];
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
  const diagnostics = unmatched.map(notMatched);
  return diagnostics.length > 0 ? { ok: false, diagnostics } : { ok: true, value: undefined, warnings: [] };
}
