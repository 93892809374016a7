/** What a watch says between its builds. */
import { describe, expect, it } from 'vitest';
import type { WatchEvent } from '../../src/engine/events.ts';
import { watchJson, watchLines } from '../../src/ui/watch.ts';

const EVENTS: readonly WatchEvent[] = [
  { type: 'watch-changed', changed: ['configs/base.yaml'], more: 0 },
  {
    type: 'watch-changed',
    changed: ['configs/base.yaml', 'in/a\u001b.txt', 'in/b.txt', 'in/c.txt'],
    more: 3,
  },
  { type: 'watch-broken', diagnostics: [{ severity: 'error', message: 'there is no pipeline.yaml here' }] },
  { type: 'watch-restarting' },
  { type: 'watch-waiting', folders: 1 },
  { type: 'watch-waiting', folders: 12 },
];

function told(quiet: boolean): string {
  let text = '';
  const tell = watchLines({ write: (part) => (text += part) }, { color: false, width: 80, quiet });
  for (const event of EVENTS) tell(event);
  return text;
}

describe('a watch', () => {
  it('says in one line what woke it, what is wrong, and that it waits', () => {
    expect(told(false)).toBe(`changed: configs/base.yaml
changed: configs/base.yaml, in/a\\x1b.txt (+5)
error: there is no pipeline.yaml here

1 error
the manifest has changed: the build is ended and begun again
watching 1 folder (Ctrl-C ends)
watching 12 folders (Ctrl-C ends)
`);
  });

  it('keeps to the width, and the count of what changed', () => {
    let text = '';
    const tell = watchLines({ write: (part) => (text += part) }, { color: false, width: 40, quiet: false });
    const changed = [1, 2, 3].map((at) => `data/raw/binance/BTCUSDT/1m/${at}.zip`);
    tell({ type: 'watch-changed', changed, more: 20 });
    tell({ type: 'watch-restarting' });
    expect(text).toBe('changed: data/raw/binance/BTCUSDT… (+21)\nthe manifest has changed: the build is…\n');
  });

  it('says with --quiet only what is wrong', () => {
    expect(told(true)).toBe('error: there is no pipeline.yaml here\n\n1 error\n');
  });

  it('gives one JSON text a line, without control characters', () => {
    const lines: string[] = [];
    const tell = watchJson({ write: (line) => lines.push(line) });
    tell({ type: 'watch-changed', changed: ['in/\u009b.txt'], more: 0 });
    tell({ type: 'watch-restarting' });
    expect(lines).toEqual([
      '{"type":"watch-changed","changed":["in/\\u009b.txt"],"more":0}\n',
      '{"type":"watch-restarting"}\n',
    ]);
  });
});
