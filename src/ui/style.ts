/** The few colours that the output uses. Whether to use them is decided elsewhere (`terminal.ts`) and only once. */
import { styleText } from 'node:util';

type Paint = (text: string) => string;

export interface Style {
  readonly bold: Paint;
  readonly dim: Paint;
  readonly red: Paint;
  readonly green: Paint;
  readonly yellow: Paint;
  readonly cyan: Paint;
}

const PLAIN: Style = same();
// Newer Nodes look at stdout and NO_COLOR themselves, which would overrule what was decided for this stream.
const paint =
  (name: keyof Style): Paint =>
  (text) =>
    text === '' ? '' : styleText(name, text, { validateStream: false });
const COLORED: Style = {
  bold: paint('bold'),
  dim: paint('dim'),
  red: paint('red'),
  green: paint('green'),
  yellow: paint('yellow'),
  cyan: paint('cyan'),
};

/** The style of a stream: with `color` false every function returns its text. */
export function styleFor(color: boolean): Style {
  return color ? COLORED : PLAIN;
}

function same(): Style {
  const identity: Paint = (text) => text;
  return {
    bold: identity,
    dim: identity,
    red: identity,
    green: identity,
    yellow: identity,
    cyan: identity,
  };
}
