/** What a build with nothing to do has no time for. */
import { expect, it, vi } from 'vitest';
import { cli } from './cli.ts';
import { configure, METRICS, monitored } from './monitored.ts';

const loads = vi.hoisted(() => ({ prom: 0, undici: 0 }));

vi.mock('prom-client', async (original) => {
  loads.prom += 1;
  return original();
});
vi.mock('undici', async (original) => {
  loads.undici += 1;
  return original();
});

/** As it was left, but for what does not change. */
const LEFT = `# pipeline metrics 1
# reports null
pipeline_build_end_timestamp_seconds 1
pipeline_build_success_timestamp_seconds 1
pipeline_build_duration_seconds 1
pipeline_build_idle 0
pipeline_build_ended{outcome="done"} 1
pipeline_build_ended{outcome="failed"} 0
pipeline_build_ended{outcome="interrupted"} 0
pipeline_build_ended{outcome="broken"} 0
`;

it('a build with nothing to do loads no client of Prometheus, and none of HTTP where nobody is to be told', async () => {
  const rig = monitored({ notify: [] });
  const build = () => cli(['-C', rig.dir, '-q', 'build', 'bars']);
  expect(await build()).toEqual({ code: 0, out: '', err: '' });
  configure(rig, { notify: [], monitoring: { metrics: METRICS } });
  rig.write(METRICS, LEFT);
  expect(await build()).toEqual({ code: 0, out: '', err: '' });
  expect(rig.read(METRICS)).toContain('\npipeline_build_idle 1\n');
  expect(loads).toEqual({ prom: 0, undici: 0 });

  rig.write('in.txt', 'two\n');
  expect(await build()).toEqual({ code: 0, out: '', err: '' });
  expect(loads).toEqual({ prom: 1, undici: 0 });
});
