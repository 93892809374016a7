/**
 * From selectors to the roots of a pass. Most are a matter of rule and key; those that ask for a state, for
 * dependents or for a numbered output path are answered by a dry pass over the whole graph first.
 */
import type { Checked } from './diagnostic.ts';
import { error } from './diagnostic.ts';
import { linkInputs } from './graph/edges.ts';
import type { Graph } from './graph/graph.ts';
import type { Selector } from './graph/selector.ts';
import type { Manifest } from './manifest/model.ts';
import type { Wanted } from './run/roots.ts';
import { Roots } from './run/roots.ts';
import { schedule } from './run/scheduler.ts';
import type { Session } from './run/session.ts';

/** A dry session over the same records: made only when a selector needs it. */
export type Probe = () => Session;

export function everything(manifest: Manifest): Roots {
  return new Roots([...manifest.rules.values()].map((rule) => ({ rule, filter: () => true })));
}

export async function rootsOf(
  selectors: readonly Selector[],
  manifest: Manifest,
  probe: Probe,
): Promise<Checked<Roots>> {
  const wanted: Wanted[] = [];
  let survey: Survey | undefined;
  for (const selector of selectors) {
    if (selector.kind === 'rule' && !selector.dependents) {
      wanted.push({ rule: selector.rule, filter: selector.filter });
      continue;
    }
    survey ??= await takeSurvey(manifest, probe);
    const ids = survey.pick(selector);
    if (selector.kind === 'path' && ids.size === 0) {
      const message = `no target makes "${selector.path}"`;
      return {
        ok: false,
        diagnostics: [error(message, undefined, 'run `pipeline graph` to see what is made')],
      };
    }
    for (const rule of manifest.rules.values()) wanted.push({ rule, filter: () => true, only: ids });
  }
  return { ok: true, value: new Roots(wanted), warnings: [] };
}

/** An error for the first selector that no target and no key still unknown answers to. */
export function checkMatches(
  graph: Graph,
  selectors: readonly Selector[],
  texts: readonly string[],
): Checked<undefined> {
  const rules = selectors.filter((selector) => selector.kind === 'rule');
  if (texts.length === 0 || rules.length === 0) return { ok: true, value: undefined, warnings: [] };
  const matched = rules.some(({ rule, filter }) => {
    const { targets, awaits } = graph.enumerate(rule, filter);
    return targets.length + awaits.length > 0;
  });
  if (matched) return { ok: true, value: undefined, warnings: [] };
  const hint = 'run `pipeline status` to see which there are; keys are spelt as in the manifest';
  return { ok: false, diagnostics: [error(`no target matches ${texts.join(' ')}`, undefined, hint)] };
}

interface Survey {
  pick(selector: Selector): ReadonlySet<string>;
}

async function takeSurvey(manifest: Manifest, probe: Probe): Promise<Survey> {
  const session = probe();
  const roots = everything(manifest);
  await schedule(session, roots, {
    runner: undefined,
    jobs: 1,
    failFast: false,
    signal: new AbortController().signal,
    emit: () => undefined,
  });
  return { pick: (selector) => pick(session, selector) };
}

function pick(session: Session, selector: Selector): ReadonlySet<string> {
  const { graph } = session;
  const ids = new Set<string>();
  switch (selector.kind) {
    case 'state':
      for (const { index, id, rule } of graph.targets) {
        const state = session.settled(index)?.state;
        // What is built on request only is no debt as long as nobody has requested it.
        if (!rule.default && !session.loaded.successes.has(id) && !session.loaded.failures.has(id)) continue;
        if (selector.state === 'failed' ? state === 'failed' : state === 'stale' || state === 'pending')
          ids.add(id);
      }
      return ids;
    case 'path': {
      const made = session.paths.makerOf(selector.path, new Set());
      if (made !== undefined) ids.add(graph.target(made.target).id);
      for (const [id, { outputs }] of session.loaded.successes) {
        if (graph.find(id) && outputs.some(({ path }) => path === selector.path)) ids.add(id);
      }
      return ids;
    }
    case 'rule': {
      const start = graph.enumerate(selector.rule, selector.filter).targets;
      for (const index of withDependents(session, start)) ids.add(graph.target(index).id);
      return ids;
    }
  }
}

function withDependents(session: Session, start: readonly number[]): ReadonlySet<number> {
  const dependents = new Map<number, number[]>();
  for (const target of session.graph.targets) {
    if (session.settled(target.index) === undefined) continue;
    const link = linkInputs(session.graph, session.paths, target);
    if (!('linked' in link)) continue;
    for (const { members } of link.linked) {
      for (const member of members) {
        if (member.kind !== 'target') continue;
        const known = dependents.get(member.target);
        if (known) known.push(target.index);
        else dependents.set(member.target, [target.index]);
      }
    }
  }
  const reached = new Set(start);
  for (const index of reached) for (const next of dependents.get(index) ?? []) reached.add(next);
  return reached;
}
