/**
 * Gates as a table: one line for each, with the units that are beyond its threshold, or one for each of these units.
 * Pure; it knows neither where the report lies nor what a check measures.
 */
import { styleFor } from './style.ts';
import type { Column, TableOptions } from './table.ts';
import { formatTable } from './table.ts';

/** A row of the quality report: of a gate (`symbol` and `month` are `all`), or of a unit that is beyond its threshold. */
export interface QualityLine {
  readonly check: string;
  readonly level: 'info' | 'warning' | 'critical';
  readonly scope: 'month' | 'symbol' | 'dataset';
  readonly threshold: string;
  readonly symbol: string;
  readonly month: string;
  readonly value: number | null;
  readonly unit: string;
  readonly result: 'pass' | 'broken' | 'excepted';
}

export interface QualityTableOptions extends TableOptions {
  /** A line for each of them, instead of the first and how many more there are. */
  readonly units: boolean;
}

/** In the order given: each gate comes before its units. Lines that each end with a line end. */
export function formatQuality(rows: readonly QualityLine[], options: QualityTableOptions): string {
  const gates = gatesOf(rows);
  const lines = options.units ? gates.flatMap(unitLines) : gates.map(gateLine);
  const columns = options.units ? UNIT_COLUMNS : GATE_COLUMNS;
  const cells = lines.map((line) => line.cells);
  const [titles = '', ...texts] = formatTable(columns, cells, options).split('\n');
  const style = styleFor(options.color);
  const painted = lines.map(({ gate }, at) => {
    const text = texts[at] ?? '';
    if (gate.result !== 'broken') return text;
    return gate.level === 'critical' ? style.red(text) : gate.level === 'warning' ? style.yellow(text) : text;
  });
  return `${[titles, ...painted].join('\n')}\n`;
}

interface GateLines {
  readonly gate: QualityLine;
  readonly units: readonly QualityLine[];
}

interface Line {
  readonly gate: QualityLine;
  readonly cells: readonly string[];
}

const GATE_COLUMNS: readonly Column[] = [
  { title: 'check', align: 'left' },
  { title: 'level', align: 'left' },
  { title: 'scope', align: 'left' },
  { title: 'limit', align: 'right' },
  { title: 'worst', align: 'right' },
  { title: 'unit', align: 'left' },
  { title: 'broken', align: 'left' },
];

const UNIT_COLUMNS: readonly Column[] = [
  { title: 'check', align: 'left' },
  { title: 'level', align: 'left' },
  { title: 'limit', align: 'right' },
  { title: 'value', align: 'right' },
  { title: 'unit', align: 'left' },
  { title: 'where', align: 'left' },
];

function gatesOf(rows: readonly QualityLine[]): readonly GateLines[] {
  const gates: { gate: QualityLine; units: QualityLine[] }[] = [];
  for (const row of rows) {
    if (row.symbol === 'all') gates.push({ gate: row, units: [] });
    else gates.at(-1)?.units.push(row);
  }
  return gates;
}

function gateLine({ gate, units }: GateLines): Line {
  const { check, level, scope, threshold, value, unit, result } = gate;
  const broken = units.filter((each) => each.result === 'broken');
  // The dataset has no row beside that of the gate.
  const [first = gate] = broken;
  // The count first: the name may be cropped.
  const count = broken.length > 1 ? `${broken.length}: ` : '';
  const where = result === 'broken' ? `${count}${nameOf(first)}` : '';
  return { gate, cells: [check, level, scope, threshold, figure(value), unitOf(unit), where] };
}

function unitLines({ gate, units }: GateLines): readonly Line[] {
  const { check, level, threshold, unit } = gate;
  const all = gate.scope === 'dataset' ? [gate] : units;
  return all.map((each) => {
    return { gate, cells: [check, level, threshold, figure(each.value), unitOf(unit), nameOf(each)] };
  });
}

function nameOf({ symbol, month }: QualityLine): string {
  return month === 'all' ? symbol : `${symbol}/${month}`;
}

function figure(value: number | null): string {
  return value === null ? '' : String(value);
}

/** Of a fraction the figure says it. */
function unitOf(unit: string): string {
  return unit === 'fraction' ? '' : unit;
}
