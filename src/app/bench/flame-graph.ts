import { basename } from 'node:path';

/** As far as it is read here: what `node --cpu-prof` writes. */
export interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
    readonly children?: readonly number[];
  }[];
  /** Ids of nodes, and how many microseconds before each. */
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

/** Calls of one function from one place, all of them together. */
interface Frame {
  readonly name: string;
  readonly origin: Origin;
  /** Microseconds, of its callees too. */
  total: number;
  readonly callees: Map<string, Frame>;
}

/** Whose code it is; decides the colour. */
type Origin = 'ours' | 'library' | 'node' | 'engine';

const colours: Readonly<Record<Origin, string>> = {
  ours: '#f4a259',
  library: '#8cb369',
  node: '#9db4d6',
  engine: '#c9c9c9',
};

const width = 1_200;
const rowHeight = 17;
const letterWidth = 6.2;
/** Frames that are narrower are left out. */
const leastWidth = 1.5;
const headHeight = 44;
/** Waiting is no work; the rest of these is the engine's own. */
const waiting = new Set(['(idle)', '(root)']);

/** Whether the profile is of a process that called a function of this file. */
export function hasCalled(profile: CpuProfile, file: string): boolean {
  return profile.nodes.some(({ callFrame }) => callFrame.url.endsWith(file));
}

/**
 * A picture of where the time of a thread went: callers below their callees, as wide as the time that they took.
 *
 * @param file whose first call begins the picture, so that loading is not in it
 */
export function flameGraph(profile: CpuProfile, { title, file }: { title: string; file: string }): string {
  const root = callTree(profile, file);
  const scale = width / root.total;
  const boxes: string[] = [];
  const depth = draw(root, 0, 0, scale, boxes);
  const height = headHeight + depth * rowHeight + 8;
  const seconds = (root.total / 1e6).toFixed(1);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="monospace" font-size="10.5">
<rect width="${width}" height="${height}" fill="#fff"/>
<text x="4" y="16" font-size="14">${escape(title)}: ${seconds} s of work, without waiting</text>
${legend()}
<g transform="translate(0 ${height - 8})">
${boxes.join('\n')}
</g>
</svg>
`;
}

function callTree({ nodes, samples, timeDeltas }: CpuProfile, file: string): Frame {
  const parents = new Map(nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id])));
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const root: Frame = { name: 'service', origin: 'ours', total: 0, callees: new Map() };
  const frames = new Map<number, Frame>();
  const frameOf = (id: number): Frame => {
    const known = frames.get(id);
    if (known !== undefined) return known;
    const node = byId.get(id);
    const parent = parents.get(id);
    if (node === undefined || parent === undefined) return root;
    const caller = frameOf(parent);
    const { name, origin } = described(node.callFrame);
    const frame = caller.callees.get(name) ?? { name, origin, total: 0, callees: new Map() };
    caller.callees.set(name, frame);
    frames.set(id, frame);
    return frame;
  };
  const ofFile = new Set(nodes.filter(({ callFrame }) => callFrame.url.endsWith(file)).map(({ id }) => id));
  const first = samples.findIndex((id) => ofFile.has(id));
  for (const [index, id] of samples.entries()) {
    if (index < first) continue;
    const us = Math.max(0, timeDeltas[index] ?? 0);
    if (waiting.has(byId.get(id)?.callFrame.functionName ?? '')) continue;
    frameOf(id).total += us;
  }
  addUp(root);
  return root;
}

/** From time by itself to time with callees. */
function addUp(frame: Frame): number {
  for (const callee of frame.callees.values()) frame.total += addUp(callee);
  return frame.total;
}

function described(frame: CpuProfile['nodes'][number]['callFrame']): Pick<Frame, 'name' | 'origin'> {
  const name = frame.functionName === '' ? '(anonymous)' : frame.functionName;
  if (frame.url === '') return { name, origin: 'engine' };
  if (frame.url.startsWith('node:')) return { name: `${name} ${frame.url}`, origin: 'node' };
  const origin = frame.url.includes('/node_modules/') ? 'library' : 'ours';
  return { name: `${name} ${basename(frame.url)}`, origin };
}

/** @returns rows above, this one counted */
function draw(frame: Frame, row: number, left: number, scale: number, boxes: string[]): number {
  const boxWidth = frame.total * scale;
  if (boxWidth < leastWidth) return 0;
  const share = ((frame.total * scale * 100) / width).toFixed(1);
  const y = -(row + 1) * rowHeight;
  const letters = Math.floor((boxWidth - 4) / letterWidth);
  const label =
    letters < 3
      ? ''
      : `<text x="${round(left + 2)}" y="${y + 12}">${escape(frame.name.slice(0, letters))}</text>`;
  const box = `<rect x="${round(left)}" y="${y}" width="${round(boxWidth - 0.4)}" height="${rowHeight - 1}" fill="${colours[frame.origin]}"/>`;
  boxes.push(`<g><title>${escape(frame.name)} ${share} %</title>${box}${label}</g>`);
  let above = 0;
  let x = left;
  const widestFirst = [...frame.callees.values()].toSorted((a, b) => b.total - a.total);
  for (const callee of widestFirst) {
    above = Math.max(above, draw(callee, row + 1, x, scale, boxes));
    x += callee.total * scale;
  }
  return above + 1;
}

function legend(): string {
  return Object.entries(colours)
    .map(([origin, colour], index) => {
      const x = 4 + index * 90;
      return `<rect x="${x}" y="24" width="12" height="12" fill="${colour}"/><text x="${x + 16}" y="34">${origin}</text>`;
    })
    .join('');
}

function round(value: number): string {
  return value.toFixed(1);
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
