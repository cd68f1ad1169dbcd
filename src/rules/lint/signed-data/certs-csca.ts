import type { SharedRule } from './context.ts';
import { isEqual } from './signers.ts';

export const certsCsca: SharedRule = ({ prefix, source }) => ({
  id: `${prefix}-CERTS-CSCA`,
  title: 'certificates has that of the CSCA too',
  severity: 'warning',
  source,
  mend: 'embed the certificate of the CSCA that issued that of the signer',
  findings: ({ signedData, signers }) =>
    signers.flatMap(({ certificate }) => {
      const keyIdentifier = certificate?.authorityKeyIdentifier?.keyIdentifier;
      if (keyIdentifier === undefined) return [];
      const isEmbedded = signedData.certificates.some((one) => isEqual(one.keyIdentifier, keyIdentifier));
      return isEmbedded ? [] : ['the CSCA certificate is not embedded'];
    }),
});
