import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { MalformedInput } from '../../formats/malformed-input.ts';
import { type Ceremony, outputOf, parseCeremony, stepDigest } from '../../rules/ceremony/ceremony-file.ts';
import {
  BrokenTranscript,
  digestOf,
  doneSteps,
  isSealed,
  parseTranscript,
  type Transcript,
} from '../../rules/ceremony/transcript.ts';
import { parsePolicies } from '../../rules/profile/policies.ts';
import { firstDifference, stepsThatDiffer } from '../../services/ceremony/check-products.ts';
import { readBytes } from '../cli/files.ts';

export interface VerifyOptions {
  /** Ceremony file; the one beside the transcript where absent. */
  readonly file?: string | undefined;
  /** Digest of the seal that those present wrote down. */
  readonly seal?: string | undefined;
}

/** A recorded ceremony as its folder holds it. */
export interface RecordedCeremony {
  readonly directory: string;
  readonly transcript: Transcript;
  readonly ceremony: Ceremony;
}

/**
 * Checks one transcript: its chain and seal, the ceremony file and the policies it names, and the files that it
 * says were written.
 *
 * @returns one sentence for each thing that does not hold, with its place
 * @throws UnreadablePath
 */
export function verifyCeremony(path: string, options: VerifyOptions): readonly string[] {
  const read = readTranscript(path);
  if ('finding' in read) return [read.finding];
  const recorded = read.transcript;
  const findings: string[] = [];
  if (!isSealed(recorded)) findings.push('the transcript has no seal: the ceremony is not finished');
  if (options.seal !== undefined && options.seal !== recorded.head) {
    findings.push(`the seal is ${recorded.head}, not the one that was written down`);
  }
  const directory = dirname(path);
  const file = options.file ?? join(directory, 'ceremony.yaml');
  findings.push(
    ...ceremonyFindings(recorded, file),
    ...policyFindings(recorded, join(directory, 'policies')),
  );
  findings.push(...outputFindings(recorded, file, directory));
  return findings;
}

/** The transcript, or why it does not hold. */
function readTranscript(path: string): { transcript: Transcript } | { finding: string } {
  const octets = readBytes(path);
  try {
    const transcript = parseTranscript(octets);
    doneSteps(transcript);
    const lines = transcript.entries.length;
    if (lines === 0) return { finding: 'the transcript has no line' };
    const rest = octets.length - transcript.wholeOctets;
    return rest === 0 ? { transcript } : { finding: `after line ${lines} come ${rest} octets of no line` };
  } catch (error) {
    if (error instanceof BrokenTranscript) return { finding: error.message };
    throw error;
  }
}

function ceremonyFindings({ entries }: Transcript, file: string): readonly string[] {
  const [open] = entries;
  const text = Buffer.from(readBytes(file)).toString('utf8');
  if (open?.event !== 'open' || digestOf(readBytes(file)) === open.ceremonyDigest) return [];
  const finding = `${file} is not the ceremony file of line 1`;
  try {
    const { steps } = parseCeremony({ file, text });
    const inputs = steps.map((_, index) => {
      const begin = entries.find((entry) => entry.event === 'begin' && entry.step === index);
      return begin?.event === 'begin' ? begin.input : undefined;
    });
    const changed = stepsThatDiffer(inputs, steps.map(stepDigest)).map((index) => index + 1);
    return [
      changed.length === 0 ? `${finding}: outside of its steps` : `${finding}: step ${changed.join(', ')}`,
    ];
  } catch (error) {
    if (error instanceof MalformedInput) return [`${finding}: ${error.message}`];
    throw error;
  }
}

function policyFindings({ entries }: Transcript, directory: string): readonly string[] {
  const [open] = entries;
  if (!existsSync(directory) || open?.event !== 'open') return [];
  const names = readdirSync(directory).filter((name) => name.endsWith('.yaml'));
  try {
    const { digest } = parsePolicies(
      names.map((name) => ({ file: `policies/${name}`, text: readFileSync(join(directory, name), 'utf8') })),
    );
    return digest === open.policyDigest ? [] : [`${directory} does not hold the policies of line 1`];
  } catch (error) {
    if (error instanceof MalformedInput)
      return [`${directory} does not hold the policies of line 1: ${error.message}`];
    throw error;
  }
}

function outputFindings(transcript: Transcript, file: string, directory: string): readonly string[] {
  let ceremony: Ceremony;
  try {
    ceremony = parseCeremony({ file, text: Buffer.from(readBytes(file)).toString('utf8') });
  } catch (error) {
    if (error instanceof MalformedInput) return [];
    throw error;
  }
  const done = doneSteps(transcript);
  return ceremony.steps.flatMap((step, index) => {
    const name = outputOf(step);
    const product = done.get(index)?.product;
    if (name === undefined || product === undefined) return [];
    const path = join(directory, name);
    if (!existsSync(path)) return [`step ${index + 1}: ${name} is not beside the transcript`];
    const octets = readBytes(path);
    if (digestOf(octets) === digestOf(product)) return [];
    return [`step ${index + 1}: ${name} was changed, first at octet ${firstDifference(octets, product)}`];
  });
}

/**
 * A ceremony whose transcript, file and outputs hold.
 *
 * @throws MalformedInput with what does not
 */
export function readRecorded(path: string, file?: string): RecordedCeremony {
  const [finding] = verifyCeremony(path, { file });
  if (finding !== undefined) throw new MalformedInput(path, finding);
  const directory = dirname(path);
  const source = file ?? join(directory, 'ceremony.yaml');
  return {
    directory,
    transcript: parseTranscript(readBytes(path)),
    ceremony: parseCeremony({ file: source, text: Buffer.from(readBytes(source)).toString('utf8') }),
  };
}
