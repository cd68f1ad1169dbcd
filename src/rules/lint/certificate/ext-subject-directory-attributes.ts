import { forbidden } from './extension-rules.ts';

export const extSubjectDirectoryAttributes = forbidden({
  id: 'C-EXT-SUBJECT-DIRECTORY-ATTRIBUTES',
  extension: 'subjectDirectoryAttributes',
  pkdCode: 'SDA.15',
});
