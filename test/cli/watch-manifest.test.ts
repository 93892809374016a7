/** Sessions of `pipeline watch` in which the manifest or a config changes, breaks, goes and comes, also during a build. */
import { renameSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Rig } from '../rig.ts';
import { begin, FILES, types, Watching } from './watching.ts';

describe('while a build runs', () => {
  const SLOW = {
    ...FILES,
    'pipeline.yaml': `version: 1
configs: [configs/base.yaml]
rules:
  quick: { in: { text: in/a.txt }, out: { text: out/a.txt }, run: "echo quick >> runs.log; cat \${in.text} > \${out.text}" }
  slow:
    in: { text: { rule: quick } }
    out: { text: out/b.txt }
    params: { title: "\${title}" }
    run: "echo slow-\${params.title} >> runs.log; until [ -e go ]; do sleep 0.02; done; cat \${in.text} > \${out.text}"
`,
  };
  const isSlow = ({ target }: Readonly<Record<string, unknown>>): boolean => target === 'slow';

  it('an edit lets it finish, and is built then', async () => {
    const rig = new Rig(SLOW);
    const watching = new Watching(rig);
    await watching.line('target-started', isSlow);
    rig.write('in/a.txt', 'a2\n');
    rig.write('go', '');
    const round = await watching.round();
    expect(round.ran).toEqual(['quick', 'quick', 'slow-one', 'slow-one']);
    expect(types(round).filter((type) => /^(?:watch|build)-/.test(type))).toEqual([
      'build-started',
      'build-finished',
      'watch-changed',
      'build-started',
      'build-finished',
      'watch-waiting',
    ]);
    expect(rig.read('out/b.txt')).toBe('a2\n');
  });

  it('another manifest or config ends it, and it begins anew', async () => {
    const rig = new Rig(SLOW);
    const watching = new Watching(rig);
    await watching.line('target-started', isSlow);
    rig.edit('configs/base.yaml', (text) => text.replace('one', 'two'));
    await watching.line('watch-changed');
    rig.write('go', '');
    const round = await watching.round();
    expect(round.changed).toEqual(['configs/base.yaml']);
    expect(round.ran).toEqual(['quick', 'slow-one', 'slow-two']);
    const [ended, finished] = round.lines.filter(({ type }) => type === 'build-finished');
    expect(ended).toMatchObject({ executed: 1, interrupted: true });
    expect(finished).toMatchObject({ executed: 1, fresh: 1 });
    expect(types(round)).toContain('watch-restarting');
    expect(watching.stderr).toContain('the manifest has changed: the build is ended and begun again\n');
  });

  it('a manifest that is saved as it was ends nothing', async () => {
    const rig = new Rig(SLOW);
    const watching = new Watching(rig);
    await watching.line('target-started', isSlow);
    rig.touch('pipeline.yaml');
    rig.write('in/a.txt', 'a2\n');
    // Until that has come to rest, whatever is to be done about it.
    await new Promise((resolve) => setTimeout(resolve, 300));
    rig.write('go', '');
    const round = await watching.round();
    expect(types(round)).not.toContain('watch-restarting');
    expect(round.changed).toEqual(['in/a.txt']);
  });

  it('a broken manifest is explained at once and ends nothing', async () => {
    const rig = new Rig(SLOW);
    const watching = new Watching(rig);
    await watching.line('target-started', isSlow);
    const sound = rig.read('pipeline.yaml');
    rig.write('pipeline.yaml', 'rules: [\n');
    await watching.line('watch-broken');
    rig.write('pipeline.yaml', sound);
    rig.write('go', '');
    await watching.line('build-finished', ({ interrupted }) => interrupted !== true);
    const round = await watching.round();
    expect(types(round)).not.toContain('watch-restarting');
    expect(round.ran).toEqual(['quick', 'slow-one']);
  });

  it('an interruption ends it and leaves nothing half-written', async () => {
    const rig = new Rig(SLOW);
    const watching = new Watching(rig);
    await watching.line('target-started', isSlow);
    expect(await watching.stop()).toBe(130);
    expect(rig.files('out')).toEqual(['out/a.txt']);
    rig.write('go', '');
    expect((await rig.build([], { wait: false })).ran).toEqual(['slow']);
  });
});

describe('a broken manifest', () => {
  it('is explained once, waited on, and built from with all that has changed meanwhile', async () => {
    const { rig, watching } = await begin();
    const sound = rig.read('pipeline.yaml');
    rig.edit('pipeline.yaml', (text) => text.replace('in: { parts', 'im: { parts'));
    const broken = await watching.round();
    expect(types(broken)).toEqual(['watch-changed', 'watch-broken', 'watch-waiting']);
    expect(broken.lines[1]).toMatchObject({
      diagnostics: [
        { message: 'unknown key "im" in rule "total"', place: { file: 'pipeline.yaml', line: 8 } },
        { message: 'rule "total" has no input "parts"' },
      ],
    });
    expect(watching.stderr).toContain('\nchanged: pipeline.yaml\nerror: ');
    rig.write('in/a.txt', 'a2\n');
    await new Promise((resolve) => setTimeout(resolve, 300));
    rig.write('pipeline.yaml', sound.replace('echo ${params.title}', 'echo 2 ${params.title}'));
    const mended = await watching.round();
    expect(mended.changed).toEqual(['pipeline.yaml', 'in/a.txt']);
    expect(mended.ran).toEqual(['copy-a', 'total']);
    expect(rig.read('out/total.txt')).toBe('2 one\na2\nb1\n');
  });

  it('may be broken from the start, for the want of a config that then comes', async () => {
    const { 'configs/base.yaml': base, ...files } = FILES;
    const { rig, watching, first } = await begin(files);
    expect(types(first)).toEqual(['watch-broken', 'watch-waiting']);
    rig.write('configs/base.yaml', base);
    expect(await watching.round()).toMatchObject({
      changed: ['configs/base.yaml'],
      ran: ['copy-a', 'copy-b', 'total'],
    });
  });

  it('may be one whose rules cannot be built together', async () => {
    const { rig, watching } = await begin();
    const sound = rig.read('pipeline.yaml');
    rig.write('pipeline.yaml', sound.replace('out/total.txt', 'out/a.txt'));
    const broken = await watching.round();
    expect(types(broken)).toEqual(['watch-changed', 'watch-broken', 'watch-waiting']);
    rig.write('pipeline.yaml', sound);
    expect(await watching.round()).toMatchObject({ changed: ['pipeline.yaml'], ran: [] });
  });

  it('may be none at all', async () => {
    const { rig, watching } = await begin();
    rig.remove('pipeline.yaml');
    expect(types(await watching.round())).toEqual(['watch-changed', 'watch-broken', 'watch-waiting']);
    rig.write('pipeline.yaml', FILES['pipeline.yaml']);
    expect(await watching.round()).toMatchObject({ changed: ['pipeline.yaml'], ran: [] });
  });

  it('is waited on also when a selector fits no rule of it', async () => {
    const { rig, watching, first } = await begin(FILES, ['nosuch']);
    expect(types(first)).toEqual(['watch-broken', 'watch-waiting']);
    rig.edit('pipeline.yaml', (text) => text.replace('  total:', '  nosuch:'));
    expect((await watching.round()).ran).toEqual(['copy-a', 'copy-b', 'total']);
  });
});

describe('a config file', () => {
  it('that is deleted and made again is built from', async () => {
    const { rig, watching } = await begin();
    rig.remove('configs/base.yaml');
    const gone = await watching.round();
    expect(gone).toMatchObject({ changed: ['configs/base.yaml'], ran: [] });
    expect(watching.stderr).toContain(
      'cannot read the config file "configs/base.yaml": there is no such file',
    );
    rig.write('configs/base.yaml', 'symbols: [a, b]\ntitle: two\n');
    expect(await watching.round()).toMatchObject({ changed: ['configs/base.yaml'], ran: ['total'] });
    rig.write('configs/base.yaml', 'symbols: [a, b]\ntitle: three\n');
    expect(await watching.round()).toMatchObject({ changed: ['configs/base.yaml'], ran: ['total'] });
  });

  it('may lie in a folder that is replaced by another', async () => {
    const { rig, watching } = await begin();
    rig.write('other/base.yaml', 'symbols: [a]\ntitle: two\n');
    renameSync(rig.path('configs'), rig.path('old'));
    renameSync(rig.path('other'), rig.path('configs'));
    expect((await watching.round()).ran).toEqual(['total']);
    rig.write('configs/base.yaml', 'symbols: [a, b]\ntitle: three\n');
    expect(await watching.round()).toMatchObject({ changed: ['configs/base.yaml'], ran: ['total'] });
  });
});
