import { MalformedInput } from './malformed-input.ts';

export type Severity = 'info' | 'warning' | 'error';

/** Something a reader noticed and read on nevertheless. */
export interface Note {
  /** Stable name, e.g. `BER_INDEFINITE_LENGTH`. */
  readonly code: string;
  readonly severity: Severity;
  /** One sentence for people. */
  readonly detail: string;
  /** The clause that asks for something else. */
  readonly source: string;
  /** Octets from the start of the input, where that is known. */
  readonly offset?: number | undefined;
}

/** How a decoder treats what is not as the standard says. */
export interface DecodeOptions {
  /** Refuse every deviation from the encoding rules; for our own products. Default: false, for foreign ones. */
  readonly strict?: boolean;
}

/**
 * What a decoder put up with while it read one input. In strict mode it puts up with nothing: the first
 * `tolerate` throws. `remark` is for what the encoding allows and only a profile forbids.
 */
export class Tolerances {
  readonly strict: boolean;
  readonly #notes: Note[] = [];
  readonly #seen = new Set<string>();

  constructor(options: DecodeOptions = {}) {
    this.strict = options.strict ?? false;
  }

  get notes(): readonly Note[] {
    return this.#notes;
  }

  /** @throws MalformedInput in strict mode. */
  tolerate(field: string, note: Note): void {
    if (this.strict) {
      throw new MalformedInput(field, note.detail, {
        source: note.source,
        ...(note.offset === undefined ? {} : { offset: note.offset }),
      });
    }
    this.remark({ ...note, detail: `${field}: ${note.detail}` });
  }

  /** Keeps one note per code and detail. */
  remark(note: Note): void {
    const key = `${note.code} ${note.detail}`;
    if (this.#seen.has(key)) return;
    this.#seen.add(key);
    this.#notes.push(note);
  }

  remarkAll(notes: readonly Note[]): void {
    for (const note of notes) this.remark(note);
  }
}
