/** What `sigillo.yaml` says of the log. */
export interface LogSettings {
  /** Name of the log, for ever: its address without scheme (C2SP tlog-tiles, Parameters). */
  readonly origin: string;
  /** Of the log key, when it is made. */
  readonly keyAlgorithm: string;
  /** Cosignatures that a checkpoint must have before it is served. */
  readonly cosignatures: number;
}
