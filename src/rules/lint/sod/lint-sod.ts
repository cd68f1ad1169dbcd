import { readPrefix } from '../../../formats/der/reader.ts';
import { decodeEfSodSignedData, type EfSod } from '../../../formats/lds/ef-sod.ts';
import { decodeDg1, type Mrz } from '../../../formats/lds/mrz.ts';
import { MalformedInput } from '../../../formats/malformed-input.ts';
import { Tolerances } from '../../../formats/note.ts';
import { judge, type LintReport, unreadable } from '../report.ts';
import { prepareSignedData, type SignedDataInputs } from '../signed-data/prepare.ts';
import type { SodContext, SodInputs } from './context.ts';
import { readRawLds } from './raw-lds.ts';
import { read } from './read.ts';
import { sodRules } from './rules.ts';

export interface SodLintOptions extends SignedDataInputs, SodInputs {}

/**
 * Holds an EF.SOD against the rules of Doc 9303-10, and against what is on the chip as far as that is given. The
 * Document Signer certificate is judged on its own.
 *
 * @param input the file, or an EF.SOD that was decoded before
 */
export function lintSod(
  input: Uint8Array | Pick<EfSod, 'bytes' | 'signedData'>,
  options: SodLintOptions = {},
): LintReport {
  try {
    const bytes = input instanceof Uint8Array ? input : input.bytes;
    const signedData = input instanceof Uint8Array ? decodeEfSodSignedData(input) : input.signedData;
    const file = readPrefix(bytes, 'EF.SOD', new Tolerances());
    const prepared = prepareSignedData(signedData, options, { received: bytes, fileLength: file.end });
    const { dataGroups, efCom, cardAccess, mrzCode, crl } = options;
    const embedded = signedData.certificates;
    const context: SodContext = {
      ...prepared,
      dataGroups,
      efCom,
      cardAccess,
      mrzCode,
      crl,
      kind: 'ef-sod',
      lds: readRawLds(signedData.eContent),
      hasTag77: file.tag === 0x77,
      dsc: prepared.signers[0]?.certificate ?? (embedded.length === 1 ? embedded[0] : undefined),
      mrz: readMrz(dataGroups?.get(1)),
    };
    return judge(sodRules, context, options.leftOut);
  } catch (error) {
    if (!(error instanceof MalformedInput)) throw error;
    return unreadable('ef-sod', read, error.message);
  }
}

/** What is wrong with DG1 itself is no matter of EF.SOD. */
function readMrz(dg1: Uint8Array | undefined): Mrz | undefined {
  if (dg1 === undefined) return undefined;
  try {
    return decodeDg1(dg1);
  } catch (error) {
    if (error instanceof MalformedInput) return undefined;
    throw error;
  }
}
