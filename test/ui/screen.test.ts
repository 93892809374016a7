import { describe, expect, it } from 'vitest';
import { createScreen } from '../../src/ui/screen.ts';
import { fakeTerminal } from './fake-streams.ts';

describe('a block of lines on a terminal', () => {
  it('is drawn over in place, growing and shrinking', () => {
    const terminal = fakeTerminal();
    const screen = createScreen(terminal);
    screen.show(['one', 'two, which is long']);
    screen.show(['one', 'two', 'three']);
    expect(terminal.screen()).toEqual(['one', 'two', 'three']);
    screen.show(['end']);
    expect(terminal.screen()).toEqual(['end']);
  });

  it('writes nothing when nothing changed', () => {
    const terminal = fakeTerminal();
    const screen = createScreen(terminal);
    screen.show(['one']);
    screen.show(['one']);
    screen.show([]);
    screen.show([]);
    expect(terminal.writes).toHaveLength(2);
  });

  it('stays below what is printed', () => {
    const terminal = fakeTerminal();
    const screen = createScreen(terminal);
    screen.print('before\n');
    screen.show(['a row that is rather long', 'last']);
    screen.print('a\nb\n');
    expect(terminal.screen()).toEqual(['before', 'a', 'b', 'a row that is rather long', 'last']);
    screen.show(['row']);
    expect(terminal.screen()).toEqual(['before', 'a', 'b', 'row']);
  });

  it('never hides the cursor nor switches a mode that a killed process would leave behind', () => {
    const terminal = fakeTerminal();
    const screen = createScreen(terminal);
    screen.show(['one']);
    screen.print('x\n');
    expect(terminal.text()).not.toContain('\x1b[?');
  });
});
