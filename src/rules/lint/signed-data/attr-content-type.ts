import { oidName } from '../../../formats/oids.ts';
import type { SharedRule } from './context.ts';

export const attrContentType: SharedRule = ({ prefix }) => ({
  id: `${prefix}-ATTR-CONTENT-TYPE`,
  title: 'the signed content-type is the eContentType',
  severity: 'error',
  source: 'RFC 5652 §11.1',
  mend: 'sign the content-type of the content',
  findings: ({ signedData, signers }) =>
    signers.flatMap(({ info: { signedAttributes } }) => {
      if (signedAttributes === undefined) return [];
      const { contentType } = signedAttributes;
      if (contentType === undefined) return ['there is no content-type'];
      return contentType === signedData.eContentType
        ? []
        : [`the content-type is ${oidName(contentType) ?? contentType}`];
    }),
});
