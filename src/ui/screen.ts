/**
 * A block of lines at the bottom of a terminal that is drawn over in place. Nothing is hidden or switched (cursor,
 * wrapping, streams), so that a killed process leaves a usable terminal. Knows nothing of what the lines say.
 */
import type { TextStream } from './listener.ts';

export interface Screen {
  /** Replaces the block. Lines must fit the terminal: one that wraps would not be found again. */
  show(lines: readonly string[]): void;
  /** Whole lines that stay, above the block. */
  print(text: string): void;
}

const CLEAR_LINE_END = '\x1b[K';
const CLEAR_BELOW = '\x1b[J';

export function createScreen(stream: TextStream): Screen {
  let shown: readonly string[] = [];

  /** One write a redraw: two would flicker. */
  function draw(above: string, lines: readonly string[]): void {
    const up = shown.length === 0 ? '' : `\x1b[${shown.length}A`;
    const block = lines.map((line) => `${line}${CLEAR_LINE_END}\n`).join('');
    const kept = above.replaceAll('\n', `${CLEAR_LINE_END}\n`);
    stream.write(`${up}${kept}${block}${shown.length === 0 ? '' : CLEAR_BELOW}`);
    shown = lines;
  }

  return {
    show: (lines) => {
      if (lines.length !== shown.length || lines.some((line, index) => line !== shown[index]))
        draw('', lines);
    },
    print: (text) => {
      if (shown.length === 0) stream.write(text);
      else draw(text, shown);
    },
  };
}
