import { isEqual } from '../signed-data/signers.ts';
import type { MasterListRule } from './context.ts';

export const cscaInList: MasterListRule = {
  id: 'M-CSCA-IN-LIST',
  title: 'the list has the CSCA certificate of its signer',
  severity: 'error',
  source: 'Doc 9303-12 §5.3',
  mend: 'add the CSCA certificate of the publishing State to certList',
  findings: ({ signers, masterList }) =>
    signers.flatMap(({ certificate }) => {
      const keyIdentifier = certificate?.authorityKeyIdentifier?.keyIdentifier;
      if (keyIdentifier === undefined) return [];
      const isListed = masterList.certificates.some((one) => isEqual(one.keyIdentifier, keyIdentifier));
      return isListed ? [] : ['the CSCA certificate of the signer is not in certList'];
    }),
};
