/** The folder of one ceremony: its transcript and the files that it writes. What a method has returned for is durable. */
export interface CeremonyFolder {
  /** The transcript as it is; no octets before the ceremony has begun. */
  transcript(): Uint8Array;
  /** Cuts off a line that a crash left unfinished. */
  keepTranscript(octets: number): void;
  /** Appends one line and its line feed. */
  append(line: Uint8Array): void;
  /** A file that a step writes; undefined while it is not there. */
  output(name: string): Uint8Array | undefined;
  /** @throws Refused when the file is there already: nothing is ever overwritten */
  writeOutput(name: string, octets: Uint8Array): void;
  /** A bundle that a step reads, from the folder of the ceremony file. @throws MalformedInput when it cannot be read */
  bundle(path: string): Uint8Array;
}
