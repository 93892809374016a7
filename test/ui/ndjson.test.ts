import { describe, expect, it } from 'vitest';
import type { BuildEvent } from '../../src/engine/events.ts';
import { createNdjson } from '../../src/ui/ndjson.ts';
import { capture } from './fake-streams.ts';
import {
  AS_OF,
  buildFinished,
  buildStarted,
  failed,
  finished,
  planned,
  progressed,
  started,
  warned,
} from './fixtures.ts';

function lines(events: readonly (BuildEvent | number)[]): string[] {
  const stream = capture();
  let time = 0;
  const ndjson = createNdjson(stream, { now: () => time });
  for (const event of events) {
    // A number lets so many milliseconds pass.
    if (typeof event === 'number') time += event;
    else ndjson.listener(event);
  }
  void ndjson.close();
  return stream.text().split('\n').slice(0, -1);
}

describe('JSON lines', () => {
  it('are one for each event, the two ends with the fields of the contract', () => {
    expect(
      lines([
        buildStarted(),
        planned('bars', 1),
        started('bars/B/2024-01', [{ kind: 'new', name: '' }]),
        finished('bars/B/2024-01', 'executed', { reasons: [{ kind: 'new', name: '' }], outputs: ['out/a'] }),
        buildFinished({ executed: 1, runId: '2025-02-28-0a1b2c3d' }),
      ]),
    ).toEqual([
      `{"type":"build-started","asOf":"${AS_OF}","dryRun":false,"selectors":[],"rules":[]}`,
      '{"type":"targets-planned","rule":"bars","count":1}',
      '{"type":"target-started","target":"bars/B/2024-01","rule":"bars","reasons":[{"kind":"new","name":""}]}',
      '{"type":"target-finished","target":"bars/B/2024-01","outcome":"executed","reasons":[{"kind":"new","name":""}],"seconds":0.8}',
      `{"type":"build-finished","asOf":"${AS_OF}","runId":"2025-02-28-0a1b2c3d","executed":1,"restored":0,"checked":0,"fresh":0,"absent":0,"failed":0,"blocked":0,"seconds":3.2,"alerts":{"critical":0,"warning":0}}`,
    ]);
  });

  it('pass on what targets warn of, and what changed in the data', () => {
    expect(
      lines([
        warned('listing/B', 'the host cannot be reached'),
        finished('bars/B/2024-01', 'executed', { changes: { 'rows added': 1440 } }),
      ]),
    ).toEqual([
      '{"type":"target-warning","target":"listing/B","message":"the host cannot be reached"}',
      '{"type":"target-finished","target":"bars/B/2024-01","outcome":"executed","reasons":[],"seconds":0.8,"changes":{"rows added":1440}}',
    ]);
  });

  it('say why a target failed or is absent, and that a build was interrupted', () => {
    expect(
      lines([
        failed('bars', { code: 'x', message: 'y' }),
        finished('archive', 'absent', { absent: 'not listed' }),
        buildFinished({ failed: 1, interrupted: true }),
      ]),
    ).toEqual([
      '{"type":"target-finished","target":"bars","outcome":"failed","reasons":[],"seconds":0.8,"failure":{"code":"x","message":"y"}}',
      '{"type":"target-finished","target":"archive","outcome":"absent","reasons":[],"seconds":0.8,"absent":"not listed"}',
      `{"type":"build-finished","asOf":"${AS_OF}","runId":null,"executed":0,"restored":0,"checked":0,"fresh":0,"absent":0,"failed":1,"blocked":0,"seconds":3.2,"alerts":{"critical":0,"warning":0},"interrupted":true}`,
    ]);
  });

  it('tell the progress of each target once a second at most', () => {
    const told = lines([
      progressed('bars/a', 1, 9),
      progressed('bars/b', 1),
      999,
      progressed('bars/a', 2, 9),
      1,
      progressed('bars/a', 3, 9),
      progressed('bars/a', 4, 9),
    ]);
    expect(told).toEqual([
      '{"type":"target-progress","target":"bars/a","rule":"bars","done":1,"unit":"rows","total":9}',
      '{"type":"target-progress","target":"bars/b","rule":"bars","done":1,"unit":"rows"}',
      '{"type":"target-progress","target":"bars/a","rule":"bars","done":3,"unit":"rows","total":9}',
    ]);
  });

  it('end with build-finished whatever trails in, until the next build of a watch', () => {
    const late: BuildEvent = { type: 'target-log', target: 'bars', line: 'too late' };
    const types = lines([buildStarted(), buildFinished(), late, buildStarted(), buildFinished(), late]).map(
      (line) => JSON.parse(line).type,
    );
    expect(types).toEqual(['build-started', 'build-finished', 'build-started', 'build-finished']);
  });

  it('come in one write for what happens at once, and without waiting for the end', async () => {
    const stream = capture();
    const ndjson = createNdjson(stream);
    ndjson.listener(planned('bars', 2));
    ndjson.listener(finished('bars/a', 'fresh'));
    expect(stream.writes).toHaveLength(0);
    await Promise.resolve();
    expect(stream.writes).toHaveLength(1);
    ndjson.listener(finished('bars/b', 'fresh'));
    await ndjson.close();
    expect(stream.text().split('\n')).toHaveLength(4);
  });

  it('do not grow in memory while one turn of the loop makes many', () => {
    const stream = capture();
    const ndjson = createNdjson(stream);
    for (let index = 0; index < 2000; index++) ndjson.listener(finished(`bars/${index}`, 'fresh'));
    expect(stream.writes.length).toBeGreaterThan(1);
    void ndjson.close();
    expect(stream.text().trimEnd().split('\n')).toHaveLength(2000);
  });

  it('hold no control character, and read back as they were', () => {
    const line = 'a\x1b[2J\x9b1A\x7f\u2028\n';
    const [text = ''] = lines([{ type: 'target-log', target: 'bars', line }]);
    expect(text).not.toMatch(/[\x00-\x1f\x7f-\x9f\u2028]/);
    expect(JSON.parse(text).line).toBe(line);
  });
});
