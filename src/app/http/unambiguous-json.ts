import { isUtf8 } from 'node:buffer';
import { MalformedInput } from '../../formats/malformed-input.ts';

/** Deeper than anything that is asked for here. */
const maxDepth = 32;

/** One object or list that has been opened and not closed. */
interface Level {
  /** Names so far; undefined in a list. */
  readonly names: Set<string> | undefined;
  /** The member, or the position in the list, that is being read. */
  at: string;
  isNameNext: boolean;
}

/** UTF-8 as JSON, as below. @throws MalformedInput */
export function parseJsonOctets(octets: Buffer): unknown {
  // Decoding would put U+FFFD in place of what is not UTF-8, and another text would be signed for.
  if (!isUtf8(octets)) throw new MalformedInput('body', 'is not UTF-8', { source: 'RFC 8259 §8.1' });
  return parseUnambiguousJson(octets.toString('utf8'));
}

/**
 * Parses JSON whose meaning no two readers can disagree on: no name twice in one object, where one reader takes
 * the first and the other the last, and no `__proto__`, which some take for something else than a name.
 *
 * @throws MalformedInput naming the member; `body` when it is not JSON or nested too deep
 * @see RFC 8259 §4, RFC 7493 §2.3
 */
export function parseUnambiguousJson(text: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const { message } = error as SyntaxError;
    throw new MalformedInput('body', `is not JSON: ${message}`, { source: 'RFC 8259' });
  }
  requireUnambiguous(text);
  return value;
}

/** @param text JSON, which is why nothing of its grammar is checked again */
function requireUnambiguous(text: string): void {
  const levels: Level[] = [];
  for (let position = 0; position < text.length; position += 1) {
    const level = levels.at(-1);
    switch (text.charAt(position)) {
      case '"': {
        const end = endOfString(text, position);
        if (level?.isNameNext === true) takeName(levels, level, text.slice(position, end + 1));
        position = end;
        break;
      }
      case '{':
        open(levels, { names: new Set(), at: '', isNameNext: true });
        break;
      case '[':
        open(levels, { names: undefined, at: '0', isNameNext: false });
        break;
      case '}':
      case ']':
        levels.pop();
        break;
      case ',':
        if (level?.names === undefined) nextPosition(level);
        else level.isNameNext = true;
        break;
      default:
    }
  }
}

/** The position of the closing quotation mark; one after an odd number of backslashes does not close. */
function endOfString(text: string, start: number): number {
  let end = start;
  let backslashes: number;
  do {
    end = text.indexOf('"', end + 1);
    backslashes = 0;
    while (text[end - 1 - backslashes] === '\\') backslashes += 1;
  } while (backslashes % 2 === 1);
  return end;
}

function open(levels: Level[], level: Level): void {
  if (levels.length === maxDepth) {
    throw new MalformedInput('body', `is nested more than ${maxDepth} levels deep`, {
      source: 'RFC 8259 §9',
    });
  }
  levels.push(level);
}

function nextPosition(list: Level | undefined): void {
  if (list !== undefined) list.at = String(Number(list.at) + 1);
}

function takeName(levels: readonly Level[], level: Level, literal: string): void {
  const name = literal.includes('\\') ? (JSON.parse(literal) as string) : literal.slice(1, -1);
  level.at = name;
  level.isNameNext = false;
  const path = () => levels.map(({ at }) => at).join('.');
  if (name === '__proto__') throw new MalformedInput(path(), 'is not a name that is taken');
  if (level.names?.has(name) === true) {
    throw new MalformedInput(path(), 'is there twice', { source: 'RFC 8259 §4' });
  }
  level.names?.add(name);
}
