/** Files that go with a message: they travel to the server while the person writes. */
import { useCallback, useEffect, useState } from 'react';
import { type Fault, faultOf } from '../../lib/fault.ts';
import { attachmentUrl, type Message, removeFile, uploadFile } from './api.ts';

export interface AttachedFile {
  readonly key: number;
  readonly name: string;
  readonly sizeBytes: number;
  /** Undefined until it is on the server. */
  readonly id?: string | undefined;
  readonly fault?: Fault | undefined;
}

export interface Files {
  readonly files: readonly AttachedFile[];
  readonly add: (files: Iterable<File>) => void;
  readonly remove: (file: AttachedFile) => void;
  readonly isUploading: boolean;
}

let nextKey = 0;

/** @param draft a stored draft, whose attachments come along */
export function useFiles(draft: Message | undefined): Files {
  const [files, setFiles] = useState<readonly AttachedFile[]>([]);

  const upload = useCallback((name: string, sizeBytes: number, content: () => Promise<Blob>): void => {
    const key = nextKey++;
    setFiles((known) => [...known, { key, name, sizeBytes }]);
    const settle = (change: Partial<AttachedFile>): void =>
      setFiles((known) => known.map((file) => (file.key === key ? { ...file, ...change } : file)));
    content()
      .then((blob) => uploadFile(blob, name))
      .then(
        (id) => settle({ id }),
        (error: unknown) => settle({ fault: faultOf(error) }),
      );
  }, []);

  useEffect(() => {
    if (draft === undefined) return;
    for (const { id, filename, size, sizeKb } of draft.attachments ?? []) {
      upload(filename, size ?? sizeKb * 1024, async () => {
        const response = await fetch(attachmentUrl(draft, id), { credentials: 'same-origin' });
        if (!response.ok) throw new Error(`HTTP ${response.status}`);
        return response.blob();
      });
    }
  }, [draft, upload]);

  return {
    files,
    add: (given) => {
      for (const file of given) upload(file.name, file.size, () => Promise.resolve(file));
    },
    remove: (file) => {
      setFiles((known) => known.filter(({ key }) => key !== file.key));
      // It expires by itself, too.
      if (file.id !== undefined) removeFile(file.id).catch(() => undefined);
    },
    isUploading: files.some(({ id, fault }) => id === undefined && fault === undefined),
  };
}
