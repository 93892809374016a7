/** Why a target is not fresh, in words. Every text comes out printable. Knows no target and no layout. */
import type { Absence, Reason } from '../engine/events.ts';
import { printable } from './printable.ts';
import { crop } from './width.ts';

const VALUE_WIDTH = 32;
/** Of a common beginning that is left out, so much stays to be recognised. */
const KEPT_BEGINNING = 9;
const SHOWN = 3;
const DIGEST = /^[0-9a-f]{64}$/;

/** `input zips changed`, `param interval changed: 1m → 5m`, `never built`. */
export function describeReason(reason: Reason): string {
  const name = printable(reason.name);
  switch (reason.kind) {
    case 'input':
      return `input ${name} ${inputChange(reason)}`;
    case 'param':
      return describeParam(name, reason);
    case 'code':
      return describeCode(name, reason);
    case 'output':
      return describeOutput(name, reason);
    case 'new':
      return 'never built';
    case 'forced':
      return 'forced';
    case 'due':
      return reason.was ? `recheck due (last asked ${wholeSeconds(printable(reason.was))})` : 'recheck due';
    case 'upstream':
      return reason.is === undefined ? `waits for ${name}` : `${name} ${printable(reason.is)}`;
    case 'failed':
      return describeFailed(name, reason);
  }
}

/** `absent: not published`, and what else there is to say of it: `asked again from 2026-01-02T03:04:05Z`. */
export function describeAbsence({ reason, recheckAt }: Absence, reasons: readonly Reason[]): string {
  const isDue = reasons.some(({ kind }) => kind === 'due');
  const again =
    recheckAt === undefined || isDue ? '' : `, asked again from ${wholeSeconds(printable(recheckAt))}`;
  return `absent: ${printable(reason)}${again}`;
}

/** The first three and how many more there are; all of them with `limit` Infinity. */
export function describeReasons(reasons: readonly Reason[], limit = SHOWN): string {
  const shown = reasons.slice(0, limit).map(describeReason).join(', ');
  return reasons.length > limit ? `${shown} and ${reasons.length - limit} more` : shown;
}

/** Digests by their first 12 digits; other values cropped, so that one long list does not hide the rest. */
export function short(value: string): string {
  return DIGEST.test(value) ? value.slice(0, 12) : crop(printable(value), VALUE_WIDTH);
}

/** Two values of which the difference is seen: long ones begin shortly before it. */
function shortPair(was: string, is: string): string {
  let same = 0;
  if (Math.max(was.length, is.length) > VALUE_WIDTH && !DIGEST.test(was) && !DIGEST.test(is)) {
    while (same < was.length && was[same] === is[same]) same += 1;
  }
  const from = same - KEPT_BEGINNING;
  const cut = (value: string): string => (from > 1 ? short(`…${value.slice(from)}`) : short(value));
  return `${cut(was)} → ${cut(is)}`;
}

/** Besides digests, an input's value says why there is no digest: `none`, `missing`, `not JSON`, `absent: …`. */
function inputChange(reason: Reason): string {
  const [was, is] = [present(reason.was), present(reason.is)];
  if (is === 'missing') return 'missing';
  if (is === 'not JSON') return 'is not JSON';
  if (is?.startsWith('absent: ') && !was?.startsWith('absent: ')) return 'absent';
  if (was?.startsWith('absent: ') && is === undefined) return 'no longer absent';
  if (was === undefined && is !== undefined) return 'appeared';
  return was !== undefined && is === undefined ? 'gone' : 'changed';
}

function present(value: string | undefined): string | undefined {
  return value === 'none' ? undefined : value;
}

/** What carries the rule out is told as a parameter too: a task's name, or a recipe. */
function describeParam(name: string, { was, is }: Reason): string {
  const what =
    name === 'task' ? 'task' : name === 'run' ? 'recipe' : `param ${name.replace(/^params\./, '')}`;
  if (was !== undefined && is !== undefined) return `${what} changed: ${shortPair(was, is)}`;
  if (is !== undefined) return `${what} appeared: ${short(is)}`;
  return was === undefined ? `${what} changed` : `${what} gone (was ${short(was)})`;
}

/** A file or package by name; `code` where the two lists of files are not known, or a version is declared. */
function describeCode(name: string, { was, is }: Reason): string {
  if (name === 'code') {
    return was !== undefined && is !== undefined && !DIGEST.test(is) && !DIGEST.test(was)
      ? `code changed: ${shortPair(was, is)}`
      : 'code changed';
  }
  if (was === undefined && is !== undefined) return `code added ${name}`;
  return was !== undefined && is === undefined ? `code removed ${name}` : `code changed ${name}`;
}

function describeOutput(name: string, { was, is }: Reason): string {
  if (is === 'missing') return `output ${name} missing`;
  // A fingerprint holds output templates as well as the record holds digests: only templates look like paths.
  if (was !== undefined && is !== undefined && isPath(was) && isPath(is)) {
    return `output ${name} declared anew: ${shortPair(was, is)}`;
  }
  return `output ${name} changed since it was built`;
}

/** Why the target itself failed (its code is the name), or a member that a fan-in is built without (`summaries bars/…`). */
function describeFailed(name: string, { was, is }: Reason): string {
  const member = /[ /]/.test(name) && (was !== undefined || is !== undefined);
  if (!member) return `failed: ${is === undefined || is === '' ? name : printable(is)}`;
  return is === undefined ? `${name} no longer fails` : `${name} failed: ${printable(is)}`;
}

function isPath(text: string): boolean {
  return text.includes('/') || text.includes('${') || text.includes('.');
}

function wholeSeconds(instant: string): string {
  return instant.replace(/\.\d+Z/, 'Z');
}
