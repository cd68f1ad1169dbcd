/** What a command needs of its surroundings; tests hand in their own. */
export interface Screen {
  readonly stdout: { write(text: string): unknown };
  readonly stderr: { write(text: string): unknown };
  /** Whether people are looking, and so colours help. */
  readonly isColoured: boolean;
  now(): Date;
  /** 0 = holds, 1 = does not hold, 2 = usage or a path that cannot be read. The last call counts. */
  exit(code: 0 | 1 | 2): void;
}

export type Style = 'bold' | 'dim' | 'green' | 'yellow' | 'red' | 'cyan';

const sgr: Record<Style, string> = {
  bold: '1',
  dim: '2',
  green: '32',
  yellow: '33',
  red: '31',
  cyan: '36',
};

export function paint(screen: Screen, style: Style, text: string): string {
  return screen.isColoured ? `\u001b[${sgr[style]}m${text}\u001b[0m` : text;
}

/** Text from foreign input must not be able to write on the reader's terminal. */
export function printable(text: string): string {
  // oxlint-disable-next-line no-control-regex -- these are the characters to be shown as escapes
  return text.replace(/[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}
