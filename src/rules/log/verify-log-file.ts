import { createHash } from 'node:crypto';
import { type Checkpoint, decodeCheckpoint } from '../../formats/log/checkpoint.ts';
import { decodeLogLeaf } from '../../formats/log/log-leaf.ts';
import { isConsistent, isIncluded, leafHash } from '../../formats/log/merkle-tree.ts';
import { decodeConsistencyProof, decodeInclusionProof } from '../../formats/log/proof-files.ts';
import { isCosigner, type VerifierKey, verifyNote } from '../../formats/log/verifier-key.ts';
import { MalformedInput } from '../../formats/malformed-input.ts';
import type { Finding, Report, Verdict } from '../passive-authentication/index.ts';

/** What somebody trusts who has a file of the log in his hands, and nothing else. */
export interface LogTrust {
  /** vkeys of logs and cosigners. */
  readonly keys: readonly VerifierKey[];
  /** Cosignatures by known cosigners that a checkpoint must have. */
  readonly cosignatures: number;
}

/** A report with what the file says, for people. */
export interface LogFileReport extends Report {
  readonly facts: readonly (readonly [string, string])[];
}

type Effect = 'invalid' | 'undetermined' | 'unreadable';

const findings = {
  LOG_UNREADABLE: { effect: 'unreadable', source: 'C2SP tlog-proof, tlog-checkpoint' },
  LOG_SIGNATURE: { effect: 'invalid', source: 'C2SP signed-note, Signatures' },
  LOG_KEY_UNKNOWN: { effect: 'undetermined', source: 'C2SP tlog-proof, Verifying' },
  LOG_COSIGNATURES: { effect: 'undetermined', source: 'C2SP tlog-cosignature' },
  LOG_INCLUSION: { effect: 'invalid', source: 'RFC 6962 §2.1.1' },
  LOG_CONSISTENCY: { effect: 'invalid', source: 'RFC 6962 §2.1.2' },
  LOG_EARLIER_MISSING: { effect: 'undetermined', source: 'RFC 6962 §2.1.2' },
  LOG_LEAF_MISSING: { effect: 'undetermined', source: 'C2SP tlog-proof, Verifying' },
  LOG_LEAF: { effect: 'invalid', source: 'docs/formats/log-leaf.md' },
  LOG_PRODUCT: { effect: 'invalid', source: 'docs/formats/log-leaf.md' },
} as const satisfies Record<string, { readonly effect: Effect; readonly source: string }>;

class LogExamination {
  readonly #findings: Finding[] = [];
  readonly #effects = new Set<Effect>();
  readonly facts: (readonly [string, string])[] = [];

  find(code: keyof typeof findings, detail: string): void {
    const { effect, source } = findings[code];
    this.#effects.add(effect);
    const severity = effect === 'undetermined' ? 'warning' : 'error';
    this.#findings.push({ code, severity, detail, source });
  }

  report(kind: string): LogFileReport {
    return { kind, verdict: this.#verdict(), findings: this.#findings, steps: [], facts: this.facts };
  }

  #verdict(): Verdict {
    if (this.#effects.has('unreadable')) return 'UNREADABLE';
    if (this.#effects.has('invalid')) return 'INVALID';
    return this.#effects.has('undetermined') ? 'UNDETERMINED' : 'TRUSTED';
  }
}

/** A checkpoint: its signatures, and that it does not contradict an earlier one of the same size. */
export function verifyCheckpointFile(octets: Uint8Array, trust: LogTrust): LogFileReport {
  return examined('checkpoint', (examination) => {
    examineCheckpoint(decodeCheckpoint(octets), trust, examination);
  });
}

/**
 * A proof that a leaf is in the log (C2SP tlog-proof).
 *
 * @param product octets that the leaf must be about, e.g. an EF.SOD
 */
export function verifyInclusionProofFile(
  octets: Uint8Array,
  trust: LogTrust,
  product: Uint8Array | undefined,
): LogFileReport {
  return examined('log-proof', (examination) => {
    const { head, index, proof, extra } = decodeInclusionProof(octets);
    examineCheckpoint(head, trust, examination);
    examination.facts.push(['leaf', String(index)]);
    if (extra === undefined) {
      examination.find('LOG_LEAF_MISSING', 'the file does not hold the leaf, so nothing can be hashed');
      return;
    }
    if (!isIncluded({ hash: leafHash(extra), index }, head, proof)) {
      examination.find('LOG_INCLUSION', `the leaf is not at ${index} of the tree of ${head.size} leaves`);
    }
    examineLeaf(extra, product, examination);
  });
}

/**
 * A proof that a checkpoint continues an earlier one.
 *
 * @param earlier the earlier checkpoint's file
 */
export function verifyConsistencyProofFile(
  octets: Uint8Array,
  trust: LogTrust,
  earlier: Uint8Array | undefined,
): LogFileReport {
  return examined('consistency-proof', (examination) => {
    const { head, oldSize, proof } = decodeConsistencyProof(octets);
    examineCheckpoint(head, trust, examination);
    examination.facts.push(['continues', `${oldSize} leaves`]);
    if (earlier === undefined) {
      examination.find('LOG_EARLIER_MISSING', 'the earlier checkpoint is needed to compare with');
      return;
    }
    const old = decodeCheckpoint(earlier);
    examineSignatures(old, trust, examination);
    if (old.origin !== head.origin || old.size !== oldSize || !isConsistent(old, head, proof)) {
      examination.find(
        'LOG_CONSISTENCY',
        `${head.size} leaves are not proved to begin with those ${old.size}`,
      );
    }
  });
}

function examined(kind: string, work: (examination: LogExamination) => void): LogFileReport {
  const examination = new LogExamination();
  try {
    work(examination);
  } catch (error) {
    if (!(error instanceof MalformedInput)) throw error;
    examination.find('LOG_UNREADABLE', error.message);
  }
  return examination.report(kind);
}

function examineCheckpoint(checkpoint: Checkpoint, trust: LogTrust, examination: LogExamination): void {
  examination.facts.push(['log', checkpoint.origin], ['tree', `${checkpoint.size} leaves`]);
  examineSignatures(checkpoint, trust, examination);
}

/** A log's key has the origin as its name, so that one log cannot speak for another. */
function examineSignatures(
  { note, origin }: Checkpoint,
  { keys, cosignatures }: LogTrust,
  examination: LogExamination,
): void {
  const counted = keys.filter((key) => isCosigner(key) || key.name === origin);
  const { holding, failing } = verifyNote(note, counted);
  for (const { name } of failing) {
    examination.find('LOG_SIGNATURE', `the signature of ${name} does not hold`);
  }
  if (!holding.some(({ key }) => !isCosigner(key)) && failing.length === 0) {
    examination.find('LOG_KEY_UNKNOWN', `no vkey of ${origin} is trusted that signed the checkpoint`);
  }
  const cosigned = holding.filter(({ key }) => isCosigner(key));
  for (const { key, signedAt } of cosigned) {
    examination.facts.push(['cosigned by', `${key.name} at ${signedAt?.toISOString() ?? ''}`]);
  }
  const cosigners = new Set(cosigned.map(({ key }) => key.name)).size;
  if (cosigners < cosignatures) {
    examination.find(
      'LOG_COSIGNATURES',
      `${cosigners} known cosigners signed, ${cosignatures} are asked for`,
    );
  }
}

function examineLeaf(extra: Uint8Array, product: Uint8Array | undefined, examination: LogExamination): void {
  let leaf;
  try {
    leaf = decodeLogLeaf(Buffer.from(extra).toString('utf8'));
  } catch (error) {
    if (!(error instanceof MalformedInput)) throw error;
    examination.find('LOG_LEAF', error.message);
    return;
  }
  examination.facts.push(['says', `${leaf.event} ${leaf.sha256}, recorded at ${leaf.at}`]);
  if (product === undefined) return;
  const digest = createHash('sha256').update(product).digest('hex');
  if (digest === leaf.sha256) return;
  examination.find('LOG_PRODUCT', `the leaf is about ${leaf.sha256}, the file that was given is ${digest}`);
}
