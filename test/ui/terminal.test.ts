import { describe, expect, it } from 'vitest';
import { styleFor } from '../../src/ui/style.ts';
import { describeTerminal } from '../../src/ui/terminal.ts';

const TTY = { isTTY: true, columns: 120 };

describe('what is known of a terminal', () => {
  it('has colours, its own width and a movable cursor', () => {
    expect(describeTerminal(TTY, { TERM: 'xterm-256color' })).toEqual({
      isTTY: true,
      color: true,
      width: 120,
      ci: false,
      github: false,
    });
  });

  it('is none of that in a pipe, which has 80 columns', () => {
    expect(describeTerminal({}, {})).toEqual({
      isTTY: false,
      color: false,
      width: 80,
      ci: false,
      github: false,
    });
  });

  it('has no colours with NO_COLOR, whatever its value, even against FORCE_COLOR', () => {
    expect(describeTerminal(TTY, { NO_COLOR: '0' }).color).toBe(false);
    expect(describeTerminal(TTY, { NO_COLOR: '1', FORCE_COLOR: '1' }).color).toBe(false);
  });

  it('takes an empty NO_COLOR for none', () => {
    expect(describeTerminal(TTY, { NO_COLOR: '' }).color).toBe(true);
  });

  it('has colours in a pipe with FORCE_COLOR, and none in a terminal with FORCE_COLOR=0', () => {
    expect(describeTerminal({}, { FORCE_COLOR: '1' }).color).toBe(true);
    expect(describeTerminal(TTY, { FORCE_COLOR: '0' }).color).toBe(false);
    expect(describeTerminal(TTY, { FORCE_COLOR: 'false' }).color).toBe(false);
  });

  it('neither colours nor moves the cursor of a dumb terminal', () => {
    expect(describeTerminal(TTY, { TERM: 'dumb' })).toMatchObject({ isTTY: false, color: false, width: 120 });
  });

  it('knows CI and GitHub Actions', () => {
    expect(describeTerminal({}, { CI: 'true' })).toMatchObject({ ci: true, github: false });
    expect(describeTerminal({}, { CI: 'false' }).ci).toBe(false);
    expect(describeTerminal({}, { CI: '1', GITHUB_ACTIONS: 'true' })).toMatchObject({
      ci: true,
      github: true,
    });
  });

  it('believes COLUMNS before the terminal, if it is a number', () => {
    expect(describeTerminal(TTY, { COLUMNS: '100' }).width).toBe(100);
    expect(describeTerminal({}, { COLUMNS: '200' }).width).toBe(200);
    expect(describeTerminal(TTY, { COLUMNS: 'wide' }).width).toBe(120);
    expect(describeTerminal(TTY, { COLUMNS: '0' }).width).toBe(120);
  });

  it('takes a terminal without a size for 80 columns, and a tiny one for 20', () => {
    expect(describeTerminal({ isTTY: true, columns: 0 }, {}).width).toBe(80);
    expect(describeTerminal({ isTTY: true, columns: 3 }, {}).width).toBe(20);
  });
});

describe('the style', () => {
  it('returns the text itself without colour', () => {
    expect(styleFor(false).red('x') + styleFor(false).dim('y')).toBe('xy');
  });

  it('colours whatever the environment says, for that was decided before', () => {
    expect(styleFor(true).red('x')).toBe('\x1b[31mx\x1b[39m');
    expect(styleFor(true).bold('')).toBe('');
  });
});
