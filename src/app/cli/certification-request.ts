import { type Command, Option } from 'commander';
import { decodeCertificate } from '../../formats/x509/certificate.ts';
import { MalformedInput } from '../../formats/malformed-input.ts';
import { fromPem } from '../../formats/pem.ts';
import { Refused } from '../../services/errors.ts';
import type { CertificateRecord } from '../../services/ports.ts';
import { instantText } from '../../rules/exchange/fields.ts';
import { readBytes } from './files.ts';
import { printable } from './screen.ts';

/** Larger than any PKCS#10 request. */
const maxOctets = 100_000;

/** Adds what the officer says about a PKCS#10 request. */
export function withHolderOptions(command: Command): Command {
  return command
    .option('--name <name>', 'name of the holder, if not the commonName of the request')
    .addOption(
      new Option('--host <host>', 'host that the certificate names; again for each')
        .argParser(collect)
        .default([]),
    );
}

export const collect = (value: string, before: readonly string[]): readonly string[] => [...before, value];

/**
 * A PKCS#10 request from a file, PEM or DER.
 *
 * @returns DER, not looked into
 * @throws UnreadablePath; Refused when the file holds something else, or more
 */
export function readCertificationRequest(path: string): Uint8Array {
  const octets = readBytes(path);
  if (octets.length > maxOctets) throw notARequest(`has ${octets.length} octets`);
  try {
    const [der, ...more] = fromPem(octets);
    if (der === undefined || more.length > 0) throw notARequest(`holds ${more.length + 1} PEM blocks`);
    return der;
  } catch (error) {
    if (!(error instanceof MalformedInput)) throw error;
    throw notARequest(error.message);
  }
}

function notARequest(detail: string): Refused {
  return new Refused('policy', `the file is not one certification request: ${detail}`, {
    rule: 'Q-FORM',
    field: 'csr',
    source: 'RFC 7468 §7',
    mend: 'give one PKCS#10 request in a file of its own, PEM or DER',
  });
}

/** One line about a certificate that was issued. */
export function issuedLine({ profile, der }: CertificateRecord): string {
  const { subject, notAfter } = decodeCertificate(der, { strict: true });
  return `${profile}: ${printable(subject.display)}, until ${instantText(notAfter)}`;
}
