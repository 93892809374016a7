/** What the random graphs have found, each made as small as it goes. */
import { describe, expect, it } from 'vitest';
import { Rig } from '../../rig.ts';

const HEAD = 'version: 1\nas_of: "2024-02-01T23:59:00Z"\n';
const FILE = `${HEAD}rules:\n  a: { in: { t: in.txt }, out: { o: out/x }, run: "cat \${in.t} > \${out.o}" }\n`;
const FOLDER = `${HEAD}rules:\n  a: { in: { t: in.txt }, out: { o: out/x/ }, run: "cat \${in.t} > \${out.o}/f" }\n`;

describe('an output', () => {
  it('becomes a folder where the same target wrote a file, and a file again', async () => {
    const rig = new Rig({ 'in.txt': '1\n', 'pipeline.yaml': FILE });
    await rig.build();
    rig.write('pipeline.yaml', FOLDER);
    expect((await rig.build()).failures).toEqual({});
    expect(rig.files('out')).toEqual(['out/x/f']);
    rig.write('pipeline.yaml', FILE);
    expect((await rig.build()).failures).toEqual({});
    expect(rig.files('out')).toEqual(['out/x']);
  });

  it('becomes a file where the files of its folder were deleted and the folder was not', async () => {
    const rig = new Rig({ 'in.txt': '1\n', 'pipeline.yaml': FOLDER });
    await rig.build();
    rig.remove('out/x/f');
    rig.write('pipeline.yaml', FILE);
    expect((await rig.build()).failures).toEqual({});
    expect(rig.files('out')).toEqual(['out/x']);
  });
});

describe('a directory that one rule has left and another has written into', () => {
  it('is no more what was recorded: it stays, and who wants a file there is told', async () => {
    const tree = 'mkdir -p ${out.o} && echo 1 > ${out.o}/f';
    const rules = (one: string, two: string): string => `${HEAD}rules:
  tree: { in: { t: in.txt }, out: { o: ${one} }, run: "${tree}" }
  file: { in: { t: in.txt }, out: { o: ${two} }, run: "cat \${in.t} > \${out.o}" }
`;
    const rig = new Rig({ 'in.txt': '1\n', 'pipeline.yaml': rules('out/x/', 'y') });
    await rig.build();
    rig.write('pipeline.yaml', rules('out/z/', 'out/x/g'));
    expect((await rig.build()).failures).toEqual({});
    rig.write('pipeline.yaml', rules('out/z/', 'out/x'));
    expect((await rig.build()).failures).toEqual({
      file: {
        code: 'cannot-write',
        message: `file: its outputs cannot be written: ${rig.path('out/x')} is a folder, and the output is a file of that name`,
        hint: 'a folder stands where a file is wanted: move it away',
      },
    });
    expect(rig.files('out')).toEqual(['out/x/f', 'out/x/g', 'out/z/f']);
  });
});

describe('status', () => {
  it('does not call failed what reads by key a file that is damaged and will be made anew', async () => {
    const rig = new Rig({
      'in.json': '{"n":1}',
      'pipeline.yaml': `${HEAD}dimensions:
  key: [k]
rules:
  giver: { for: [key], in: { t: in.json }, out: { o: "out/\${key}.json" }, run: "cat \${in.t} > \${out.o}" }
  reader: { for: [key], in: { n: { rule: giver, pointer: /n } }, out: { o: "read/\${key}" }, run: "echo 1 > \${out.o}" }
  all: { in: { each: { rule: reader, failed: omit } }, out: { o: all.txt }, run: "cat \${in.each} > \${out.o}" }
`,
    });
    await rig.build();
    rig.write('out/k.json', 'no JSON');
    expect(await rig.states()).toEqual({ 'giver/k': 'stale', 'reader/k': 'pending', all: 'pending' });
    expect((await rig.build()).outcomes).toMatchObject({ 'reader/k': 'fresh', all: 'fresh' });
  });
});
