import { type ErrorCatalogue, errorCatalogue } from "../base/errors.js";

/** The shell opens the file itself then, and writes over it. */
const ELSEWHERE = 'choose another place, or "-" and redirect standard output';

const SENTENCES = {
  // Refusals of the operating system.
  fileIsNotThere: ["io", (): string => "there is no such file; check the path"],
  folderIsNotThere: ["io", (): string => "the folder does not exist; create it first"],
  pathLeadsThroughFile: ["io", (): string => "a part of the path is no folder; check it"],
  folderIsNotModel: ["io", (): string => "this is a folder; give the model file in it"],
  folderCannotBeOverwritten: ["io", (): string => "this is a folder; give a file name"],
  readingIsNotPermitted: ["io", (): string => "no permission to read it; change its permissions"],
  writingIsNotPermitted: ["io", (): string => "no permission to write there; choose another place"],
  fileSystemIsReadOnly: ["io", (): string => "the file system is read-only; choose another place"],
  diskIsFull: ["io", (): string => "the disk is full; free some space"],
  diskQuotaIsUsedUp: ["io", (): string => "the disk quota is used up; free some space"],
  fileSystemLimitsSize: [
    "io",
    (): string => "the file would be too large for this file system; choose another place",
  ],
  fileIsTooLarge: ["io", (): string => "the file is too large to be read; choose a smaller one"],
  streamIsTooLong: [
    "io",
    (): string =>
      "it gave more than 2 GiB and has not ended, and no model in one piece is as large; save it to a file",
  ],
  tooManyFilesAreOpen: ["io", (): string => "too many files are open; close some"],
  nameIsTooLong: ["io", (): string => "the name is too long; choose a shorter one"],
  linksGoInCircle: ["io", (): string => "its links go in a circle; give the file itself"],
  writerClosedPipe: ["io", (): string => "the other end closed the pipe; run again"],
  readerClosedPipe: [
    "io",
    (): string => "the reader closed the pipe before everything was written; run again",
  ],
  fileCannotBeRead: ["io", (reason: string): string => `it cannot be read (${reason}); check the path`],
  fileCannotBeWritten: [
    "io",
    (reason: string): string => `it cannot be written (${reason}); choose another place`,
  ],

  // Files that cannot be replaced by new ones.
  folderTakesNoFiles: [
    "io",
    (): string =>
      `no permission to make new files in its folder, and a new file takes the place of the old one; ${ELSEWHERE}`,
  ],
  fileIsMountPoint: [
    "io",
    (): string =>
      `it is mounted by itself, so that no new file can take its place; mount its folder, or ${ELSEWHERE}`,
  ],
  fileIsBusy: [
    "io",
    (): string => `it is in use or mounted by itself, so that no new file can take its place; ${ELSEWHERE}`,
  ],
  fileIsAnotherUsers: [
    "io",
    (): string => `it is another user's, in a folder where only the owner may replace a file; ${ELSEWHERE}`,
  ],
  dataFileIsRead: [
    "usage",
    (location: string): string =>
      `its data would go to "${location}", which the model that is written reads; choose another name`,
  ],
  fileHoldsOwnData: [
    "usage",
    (): string => "the model that is written reads this file, as its data; choose another name",
  ],
  linkedModelHasDataElsewhere: [
    "usage",
    (target: string): string =>
      `it is a link into another folder, where the data file would not be; write to "${target}"`,
  ],
  deviceHasNoDataFile: [
    "usage",
    (): string => "this is no regular file, and has no file beside it; give a file",
  ],
  dataNamesAreTaken: [
    "io",
    (): string => "every name for its data file is taken by other files; choose another place",
  ],
  nameIsOfAnotherFormat: [
    "usage",
    (extension: string, format: string): string =>
      `"${extension}" names ${format}, and this is an ONNX model; give a name that ends in .onnx`,
  ],

  // Files and their names.
  fileNameIsEmpty: ["usage", (): string => "the file name is empty; give one"],
  fileNameHoldsNul: ["usage", (): string => "a file name cannot hold a NUL character; give another name"],
  urlIsNotFile: ["usage", (url: string): string => `"${url}" is no file; download it first`],
  fileIsClosed: ["usage", (): string => "the file is closed already; open it again"],
  fileBecameShorter: ["io", (): string => "the file became shorter while it was read; run again"],
  thresholdIsNegative: [
    "usage",
    (threshold: number): string => `the threshold is ${threshold}; give a number of bytes from 0 on`,
  ],
  dataFileNameIsInvalid: [
    "usage",
    (location: string): string => `"${location}" cannot name a data file; give a name in the model's folder`,
  ],
  externalNameHoldsNul: [
    "invalid",
    (): string => "the name of its external data file holds a NUL character; the model is damaged",
  ],
  externalIsNotRegularFile: [
    "invalid",
    (location: string): string => `its external data "${location}" is no regular file; put the file there`,
  ],
  externalIsOutsideFolder: [
    "invalid",
    (location: string): string =>
      `its external data "${location}" is outside the model's folder; allow that if you trust the model`,
  ],
  checkpointIsDamaged: [
    "invalid",
    (fault: string): string => `not a checkpoint of normfold (${fault}); start anew without --resume`,
  ],

  // Arrays.
  fileIsNotNpy: ["invalid", (): string => "this is no NumPy array; save it with numpy.save or numpy.savez"],
  npyHeaderIsDamaged: ["invalid", (): string => "the header of the NumPy array is damaged; save it again"],
  npyTextIsDamaged: [
    "invalid",
    (point: number): string => `${point} is no character; the file is damaged, save it again`,
  ],
  npyTypeHasNoDtype: [
    "unsupported",
    (code: string): string => `NumPy type "${code}" has no ONNX type; save numbers or text`,
  ],
  npyHoldsObjects: [
    "invalid",
    (): string => "this NumPy array holds pickled Python objects, which only Python reads; save numbers",
  ],
  npyIsRecordArray: [
    "unsupported",
    (): string => "this is a NumPy record array; save each field as an array of its own",
  ],
  arrayIsCutOff: [
    "invalid",
    (dims: readonly number[], needed: number, there: number): string =>
      `the array [${dims}] takes ${needed} bytes, and there are ${there}; the file is cut off`,
  ],
  fileIsNotNpz: ["invalid", (): string => "not an .npz file; save it with numpy.savez"],
  npzIsDamaged: [
    "invalid",
    (reason: string): string => `not a readable .npz (${reason}); save it with numpy.savez`,
  ],
  npzChecksumIsWrong: [
    "invalid",
    (name: string): string =>
      `the checksum of "${name}" is wrong, so the file is damaged; fetch or save it again`,
  ],
  npzIsEncrypted: ["invalid", (name: string): string => `"${name}" is encrypted; save it with numpy.savez`],
  npzMethodIsUnknown: [
    "invalid",
    (name: string, method: number): string =>
      `"${name}" is packed by method ${method}, not by deflate; save it with numpy.savez`,
  ],
  npzNamesArrayTwice: [
    "invalid",
    (name: string): string => `"${name}" is in the archive twice; save it anew`,
  ],
  npzHasTooManyArrays: [
    "invalid",
    (count: number, most: number): string =>
      `an archive of ${count} arrays, and ${most} at most are read; save those that the model takes`,
  ],
  fileUnpacksTooFar: [
    "invalid",
    (unpacked: number, packed: number, most: number): string =>
      `${packed} bytes would unpack to ${unpacked}, more than ${most} times as many; save it unpacked`,
  ],
  gzipIsDamaged: ["invalid", (reason: string): string => `not a whole .gz file (${reason}); fetch it again`],
  fileIsNotIdx: [
    "invalid",
    (): string => "not an idx file (MNIST's format), because its header is another; convert it to .npy",
  ],
  complexCannotBeFed: [
    "unsupported",
    (dtype: string): string => `${dtype} cannot be fed to a network; save real numbers`,
  ],
  textCannotBeFed: ["unsupported", (): string => "text cannot be fed to a network; save numbers"],

  // Tensors for a model's inputs.
  dataIsNotRegularFile: [
    "invalid",
    (): string => "this is a pipe, a socket or a device; save the data to a file",
  ],
  feedFormatIsUnknown: [
    "usage",
    (): string => "data comes as .npz, .npy, .pb or a folder of .pb; convert it",
  ],
  oneTensorForSeveralInputs: [
    "usage",
    (inputs: number): string => `one tensor for ${inputs} inputs; give an .npz with an array for each`,
  ],
  arrayIsMissing: [
    "usage",
    (kind: "input" | "output", name: string, found: readonly string[]): string =>
      `no array for ${kind} "${name}"; there are ${found.join(", ") || "none"}`,
  ],
  labelsAreMissing: [
    "usage",
    (name: string, found: readonly string[]): string =>
      `no array "${name}"; there are ${found.join(", ") || "none"}`,
  ],
  inputFileIsMissing: ["usage", (name: string): string => `no input_*.pb for input "${name}"; add it`],
  onlyTensorsCanBeFed: [
    "unsupported",
    (name: string): string => `"${name}" is a sequence, map or optional; only tensors can be fed`,
  ],

  // Datasets.
  dataFormatIsUnknown: [
    "usage",
    (): string => "data comes as .npy, .npz, .pb, idx, .mjs or a folder; convert it",
  ],
  folderHoldsNoData: [
    "usage",
    (): string => "the folder holds no images and no input_*.pb; give one that does",
  ],
  setSizesDiffer: [
    "usage",
    (name: string): string => `"${name}" has other sizes in one set than in another; give sets of one size`,
  ],
  moduleGivesLabelsItself: [
    "usage",
    (): string => 'a module gives its labels itself, as "labels" of each sample; leave out --labels',
  ],
  moduleDoesNotLoad: ["invalid", (reason: string): string => `the module does not load (${reason}); mend it`],
  moduleExportsNoSamples: [
    "invalid",
    (): string => "the module's default export gives no iterable of samples; export one",
  ],
  moduleEndsEarly: [
    "invalid",
    (): string =>
      "the module ended before it gave its samples: it exits, or waits for what never comes; mend it",
  ],
  moduleTakesTooLong: [
    "invalid",
    (seconds: number): string =>
      `the module has given nothing for ${seconds} seconds; mend it, or allow more with --module-timeout`,
  ],
  moduleFails: [
    "invalid",
    (when: string, reason: string): string => `the module fails ${when} (${reason}); mend it`,
  ],
  sampleIsNotObject: [
    "invalid",
    (index: number): string => `sample ${index} is no object of arrays by input name; mend the module`,
  ],
  sampleFieldIsNotTensor: [
    "invalid",
    (name: string, index: number): string =>
      `"${name}" of sample ${index} is no number, typed array or { data, dims }; mend the module`,
  ],
  sampleDiffersFromFirst: [
    "invalid",
    (name: string, index: number, found: string, first: string): string =>
      `"${name}" of sample ${index} is ${found}, and ${first} of the first; give samples of one type and size`,
  ],
  sharpIsMissing: [
    "unsupported",
    (): string =>
      "images are decoded by the package sharp, which does not load here; npm install sharp, or save the images with NumPy",
  ],
  fileIsNotImage: [
    "invalid",
    (): string => "this is no PNG or JPEG, whatever its name says; leave it out or convert it",
  ],
  imageIsTooLarge: [
    "invalid",
    (height: number, width: number): string =>
      `the first image has ${height} x ${width} pixels, which the model leaves open; make the images smaller`,
  ],
  imageIsUnreadable: [
    "invalid",
    (reason: string): string => `not a readable image (${reason}); leave it out or replace it`,
  ],
} as const;

/** The errors of files: models, data, checkpoints. */
export const errors: ErrorCatalogue<typeof SENTENCES> = errorCatalogue(SENTENCES);
