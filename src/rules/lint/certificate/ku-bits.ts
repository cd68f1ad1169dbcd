import type { KeyUsageBit } from '../../../formats/x509/extensions/key-usage.ts';
import type { CertificateRule } from './context.ts';
import { isCa, isForTls, isMinimal } from './kind.ts';

const caBits: readonly KeyUsageBit[] = ['keyCertSign', 'cRLSign'];
const signerBits: readonly KeyUsageBit[] = ['digitalSignature'];
/** Up to the cipher suites. */
const tlsBits: readonly KeyUsageBit[] = ['digitalSignature', 'keyEncipherment', 'keyAgreement'];

export const kuBits: CertificateRule = {
  id: 'C-KU-BITS',
  title: 'keyUsage has exactly the bits of the kind of certificate',
  severity: 'error',
  source: 'Doc 9303-12 §7.1 Table 6',
  mend: 'set keyCertSign and cRLSign for a CSCA, digitalSignature for a signer, nothing else',
  pkdCode: { csca: 'BKU.20', signer: 'BKU.21' },
  appliesTo: (kind) => !isMinimal(kind),
  findings: ({ certificate, kind }) => {
    const bits = certificate.keyUsage;
    if (bits === undefined) return [];
    const allowed = isCa(kind) ? caBits : isForTls(kind) ? tlsBits : signerBits;
    const wanted = isForTls(kind) ? [] : allowed;
    const isRight = wanted.every((bit) => bits.has(bit)) && [...bits].every((bit) => allowed.includes(bit));
    return isRight ? [] : [`keyUsage is ${[...bits].join(', ') || 'empty'}`];
  },
};
