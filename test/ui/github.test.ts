import { describe, expect, it } from 'vitest';
import type { Diagnostic } from '../../src/engine/diagnostic.ts';
import type { BuildEvent } from '../../src/engine/events.ts';
import { createGithub, formatGithubDiagnostics } from '../../src/ui/github.ts';
import { capture } from './fake-streams.ts';
import { CORRUPT, failed, finished, warned } from './fixtures.ts';

function said(events: readonly BuildEvent[], directory?: string): string {
  const stream = capture();
  const github = createGithub(stream, directory === undefined ? {} : { directory });
  for (const event of events) github.listener(event);
  void github.close();
  return stream.text();
}

const UNUSED: Diagnostic = {
  severity: 'warning',
  message: 'value "a,b" is 100% unused',
  place: { file: 'configs/base.yaml', line: 3, column: 5, length: 4, text: 'a,b: 1' },
  hint: 'remove it',
};

describe('GitHub annotations', () => {
  it('name a failed target, its message and what to do', () => {
    expect(said([finished('bars/B/2024-02', 'executed'), failed('archive/B/2024-01', CORRUPT)])).toBe(
      '::error title=archive/B/2024-01::archive-corrupt: BTCUSDT-1m-2024-01.zip: CRC-32 is 0a1b2c3d, expected 4e5f6071%0Ahint: delete the file and build again\n',
    );
  });

  it('pass on what targets warn of, ten places a level', () => {
    expect(said([warned('listing/B', 'the host is away\n::error::no')])).toBe(
      '::warning title=listing/B::the host is away%0A::error::no\n',
    );
    const many = Array.from({ length: 12 }, (_, index) => warned(`listing/${index}`, 'away'));
    const lines = said([{ type: 'warning', diagnostic: UNUSED }, ...many, failed('bars', CORRUPT)])
      .trimEnd()
      .split('\n');
    expect(lines).toHaveLength(11);
    expect(lines.filter((line) => line.startsWith('::warning '))).toHaveLength(10);
    expect(lines.at(-1)).toBe(
      '::warning title=4 more targets warn::listing/8%0Alisting/9%0Alisting/10%0Alisting/11',
    );
  });

  it('are errors for critical alerts, warnings for others, and share the ten places with failures', () => {
    const alerts = [
      { level: 'critical', code: 'coverage', message: 'less than 0.95:\n::error::no' },
      { level: 'warning', code: 'gap', message: 'more than 24h' },
    ] as const;
    const alarmed = finished('reports', 'fresh', { alerts });
    expect(said([alarmed])).toBe(
      '::error title=reports::coverage: less than 0.95:%0A::error::no\n::warning title=reports::gap: more than 24h\n',
    );
    const many = Array.from({ length: 10 }, (_, index) =>
      failed(`bars/${index}`, { code: 'x', message: 'y' }),
    );
    const lines = said([...many, alarmed])
      .trimEnd()
      .split('\n');
    expect(lines.filter((line) => line.startsWith('::error '))).toHaveLength(10);
    expect(lines.findLast((line) => line.startsWith('::error '))).toBe(
      '::error title=2 more targets failed and alerts::bars/9%0Areports',
    );
  });

  it('escape by the rules of the runner', () => {
    expect(said([failed('bars/a:b,c%', { code: 'x', message: '50% of a:b,c\n::error::no\r\x1b' })])).toBe(
      '::error title=bars/a%3Ab%2Cc%25::x: 50%25 of a:b,c%0A::error::no\\r\\x1b\n',
    );
  });

  it('put a diagnostic at its file and line', () => {
    expect(said([{ type: 'warning', diagnostic: UNUSED }])).toBe(
      '::warning file=configs/base.yaml,line=3,col=5,endColumn=9::value "a,b" is 100%25 unused%0Aremove it\n',
    );
  });

  it('name files from the root of the repository', () => {
    expect(said([{ type: 'warning', diagnostic: UNUSED }], 'data/spot')).toContain(
      'file=data/spot/configs/base.yaml,',
    );
    expect(said([{ type: 'warning', diagnostic: UNUSED }], '.')).toContain('file=configs/base.yaml,');
  });

  it('have no place for what was given on the command line, or has none', () => {
    const place = { file: '--set', line: 1, column: 1, length: 1, text: 'x' };
    const errors: Diagnostic[] = [
      { severity: 'error', message: 'bad', place },
      { severity: 'error', message: 'worse' },
    ];
    expect(formatGithubDiagnostics(errors)).toBe('::error::bad\n::error::worse\n');
  });

  it('are ten, the last of which names the rest', () => {
    const many = Array.from({ length: 12 }, (_, index) =>
      failed(`bars/${index}`, { code: 'x', message: 'y' }),
    );
    const lines = said(many).trimEnd().split('\n');
    expect(lines).toHaveLength(10);
    expect(lines[9]).toBe('::error title=3 more targets failed::bars/9%0Abars/10%0Abars/11');
    expect(said(many.slice(0, 10)).trimEnd().split('\n')[9]).toBe('::error title=bars/9::x: y');
  });
});
