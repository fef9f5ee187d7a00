/** What the reader dropped, folders included, as files. The only one that walks a dropped folder; bounded, for it may be a whole disk. */
import { EngineError } from '../engine/errors';

/** A model's folder has a few dozen files; its versions for other programs lie one or two folders deeper. */
const MOST_ENTRIES = 2000;
const MOST_DEPTH = 4;

/** What of a `DataTransferItem` is needed. */
export type DroppedItem = Pick<DataTransferItem, 'kind' | 'webkitGetAsEntry' | 'getAsFile'>;

/**
 * Files that lie in a dropped folder come with their path as their name, for the engine knows by it what lies
 * topmost, and what the folder is called. Deeper folders than a model has are left out.
 *
 * Has to be called while the drop is being handled: the browser forgets the items afterwards.
 * @throws {EngineError} too-large where there are more files than a model's folder has, bad-file where one cannot be read
 */
export async function droppedFiles(items: Iterable<DroppedItem>): Promise<File[]> {
  const entries: FileSystemEntry[] = [];
  const files: File[] = [];
  for (const item of items) {
    if (item.kind !== 'file') continue;
    const entry = item.webkitGetAsEntry();
    if (entry?.isDirectory) entries.push(entry);
    else {
      // Not through its entry, which some browsers refuse to read on pages from a disk.
      const file = item.getAsFile();
      if (file !== null) files.push(file);
    }
  }
  let seen = files.length;
  const walk = async (folder: FileSystemDirectoryEntry, path: string, depth: number): Promise<void> => {
    for (const entry of await entriesOf(folder, MOST_ENTRIES - seen)) {
      seen++;
      const name = `${path}/${entry.name}`;
      if (entry.isFile) files.push(renamed(await fileOf(entry as FileSystemFileEntry), name));
      else if (depth < MOST_DEPTH) await walk(entry as FileSystemDirectoryEntry, name, depth + 1);
    }
  };
  for (const entry of entries) await walk(entry as FileSystemDirectoryEntry, entry.name, 1);
  return files;
}

/** A folder is read in batches, until one is empty. */
async function entriesOf(folder: FileSystemDirectoryEntry, most: number): Promise<FileSystemEntry[]> {
  const reader = folder.createReader();
  const all: FileSystemEntry[] = [];
  for (;;) {
    const batch = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject)).catch(
      (error: unknown) => unreadable(folder, error),
    );
    if (batch.length === 0) return all;
    all.push(...batch);
    if (all.length > most) {
      throw new EngineError({
        code: 'too-large',
        message: `This folder holds more than ${MOST_ENTRIES.toLocaleString('en')} files: drop the model’s own folder.`,
        expected: `at most ${MOST_ENTRIES} files and folders`,
        found: 'more',
      });
    }
  }
}

function fileOf(entry: FileSystemFileEntry): Promise<File> {
  return new Promise<File>((resolve, reject) => entry.file(resolve, reject)).catch((error: unknown) =>
    unreadable(entry, error),
  );
}

function unreadable({ name }: FileSystemEntry, error: unknown): never {
  throw new EngineError({
    code: 'bad-file',
    message: `The browser cannot read ${name}.`,
    expected: 'a file or folder that may be read',
    found: error instanceof Error ? error.name : String(error),
  });
}

/** The same bytes, not copied. */
function renamed(file: File, name: string): File {
  return new File([file], name, { type: file.type, lastModified: file.lastModified });
}
