import { createHash } from 'node:crypto';
import { type DigestName, digestByName } from '../../formats/algorithms/digests.ts';
import { decodeDg1 } from '../../formats/lds/mrz.ts';
import type { Violation } from './sod-rules.ts';

/** What delivered data groups are held against. */
export interface DataGroupContext {
  readonly documentType: string;
  readonly digestAlgorithm: DigestName;
  readonly dataGroupHashes: ReadonlyMap<number, Uint8Array>;
  /** The issuer's code as in the MRZ. */
  readonly mrzCode: string;
}

/**
 * The first rule that a delivered data group breaks: its hash (S-HASH), and of DG1 the document code (S-DTL)
 * and issuing State (S-CC).
 *
 * @throws MalformedInput when DG1 is no DG1
 */
export function dataGroupViolation(
  dataGroups: ReadonlyMap<number, Uint8Array>,
  context: DataGroupContext,
): Violation | undefined {
  for (const [number, content] of dataGroups) {
    const violation = hashViolation(number, content, context);
    if (violation !== undefined) return violation;
  }
  const dg1 = dataGroups.get(1);
  return dg1 === undefined ? undefined : mrzViolation(dg1, context);
}

function hashViolation(
  number: number,
  content: Uint8Array,
  { digestAlgorithm, dataGroupHashes }: DataGroupContext,
): Violation | undefined {
  const sent = dataGroupHashes.get(number);
  const digest = createHash(digestByName(digestAlgorithm).node).update(content).digest();
  if (sent !== undefined && digest.equals(sent)) return undefined;
  return {
    rule: 'S-HASH',
    source: 'Doc 9303-10 §4.6.2.3',
    field: `dataGroups.${number}`,
    detail:
      sent === undefined
        ? `data group ${number} was sent without its hash`
        : `data group ${number} does not have the hash that was sent for it`,
    mend: 'hash the complete file, from its tag to its last octet, as it is written to the chip',
  };
}

function mrzViolation(dg1: Uint8Array, context: DataGroupContext): Violation | undefined {
  const { documentCode, issuingState } = decodeDg1(dg1);
  if (documentCode !== context.documentType) {
    return {
      rule: 'S-DTL',
      source: 'Doc 9303-12 §7.1.1.6',
      field: 'documentType',
      detail: `the MRZ says ${documentCode}, the request ${context.documentType}`,
      mend: 'send the document code of the MRZ as documentType',
    };
  }
  if (issuingState === context.mrzCode) return undefined;
  return {
    rule: 'S-CC',
    source: 'Doc 9303-12 §7.1.1.2',
    field: 'dataGroups.1',
    detail: `the MRZ names ${issuingState} as issuing State, this instance signs for ${context.mrzCode}`,
    mend: 'send the document to the signer of its issuing State',
  };
}
