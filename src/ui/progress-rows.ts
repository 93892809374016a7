/**
 * Rows as listr2 tasks, laid out by its default renderer. The only file that imports listr2 (26 ms), and itself
 * imported only when there is something to draw. Knows no events: it is told rows.
 */

import type { ListrDefaultRendererOptions } from 'listr2';
import { DefaultRenderer, Listr } from 'listr2';
import type { Row, RowState } from './progress-model.ts';
import type { Screen } from './screen.ts';
import type { Style } from './style.ts';
import { crop } from './width.ts';

export interface DrawnRows {
  update(rows: readonly Row[]): void;
  /** Leaves these rows and ends listr2. */
  end(rows: readonly Row[]): Promise<void>;
}

export interface RowsOptions {
  readonly screen: Screen;
  readonly style: Style;
  /** How many rows there may ever be. */
  readonly limit: number;
  /** Asked at each drawing: terminals are resized. */
  readonly width: () => number;
}

/** Columns that a row's icon takes. */
const ICON_WIDTH = 2;

export function drawRows({ screen, style, limit, width }: RowsOptions): DrawnRows {
  const icons: Readonly<Record<RowState, string>> = {
    waiting: style.dim('◼'),
    running: style.yellow('❯'),
    done: style.green('✔'),
    failed: style.red('✖'),
  };
  let rows: readonly Row[] = [];
  let draw = (): void => {};

  /**
   * listr2's layout on our screen. Its own output hides the cursor, swallows whatever else is written to the
   * stream meanwhile, wraps at the width of stdout and redraws at every change of any task.
   */
  class RowsRenderer extends DefaultRenderer {
    // Otherwise it gives way to another renderer whenever stdout is piped, though we write to stderr.
    static override nonTTY = true;
    override async render(): Promise<void> {
      draw = () => screen.show(this.create().split(/\r?\n/).filter(Boolean));
    }
    override update(): void {}
    override end(): void {
      draw();
    }
    /** One line a row, never wrapped: the last column stays free, for some terminals wrap as soon as it is filled. */
    protected override format(message: string, icon: string): string[] {
      return [`${icon} ${crop(message, width() - ICON_WIDTH - 1)}`];
    }
    protected override style(task: { readonly id: string }): string {
      return icons[rows[ids.indexOf(task.id)]?.state ?? 'waiting'];
    }
  }

  let finish = (): void => {};
  const finished = new Promise<void>((resolve) => {
    finish = resolve;
  });
  // Rules appear while the build runs, listr2 wants its tasks at the start: a task without a title takes no line.
  const rendererOptions: ListrDefaultRendererOptions = { lazy: true };
  const listr = new Listr(
    Array.from({ length: limit }, () => ({ task: () => finished })),
    { concurrent: true, registerSignalListeners: false, renderer: RowsRenderer, rendererOptions },
  );
  const ids = listr.tasks.map((task) => task.id);
  const running = listr.run();

  function update(next: readonly Row[]): void {
    rows = next;
    for (const [index, task] of listr.tasks.entries()) {
      const title = rows[index]?.title;
      if (title === undefined) delete task.title;
      else task.title = title;
    }
    draw();
  }

  return {
    update,
    end: async (last) => {
      update(last);
      finish();
      await running;
    },
  };
}
