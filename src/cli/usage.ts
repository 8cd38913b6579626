import type { Command, CommanderError } from "commander";
import type { NormfoldError } from "../base/errors.js";
import { nearest } from "../base/nearest.js";
import { HEADS } from "../options/heads.js";
import type { CommandHead } from "../options/spec.js";
import { errors } from "./errors.js";

/** commander's error as one of ours. `called` is the command that the line names; undefined for an unknown name. */
export function usageError(error: CommanderError, called: Command | undefined): NormfoldError {
  const head = called === undefined ? undefined : headOf(called.name());
  const [sentence = ""] = error.message.replace(/^error: /, "").split("\n");
  const [, subject] = /'([^']*)'/.exec(sentence) ?? [];
  if (subject === undefined) return errors.commandLineIsWrong(sentence);
  switch (error.code) {
    case "commander.unknownOption":
      return unknownFlag(subject, called);
    case "commander.unknownCommand":
      return unknownCommand(subject);
    case "commander.optionMissingArgument":
      return errors.flagValueIsMissing(subject);
    case "commander.missingArgument":
      if (head !== undefined) return errors.argumentIsMissing(subject, callOf(head));
      break;
    case "commander.excessArguments":
      if (head !== undefined) return errors.tooManyArguments(callOf(head));
      break;
  }
  return errors.commandLineIsWrong(sentence);
}

/** The error of a name that is no command. */
export function unknownCommand(name: string): NormfoldError {
  if (name.endsWith(".onnx")) return errors.modelStandsForCommand(name);
  return errors.unknownCommand(name, nearest(name, Object.keys(HEADS)));
}

function unknownFlag(flag: string, called: Command | undefined): NormfoldError {
  const flags = (called?.options ?? []).flatMap(({ long }) => long ?? []);
  const help = called === undefined ? "normfold --help" : `normfold ${called.name()} --help`;
  return errors.unknownFlag(flag, nearest(flag, flags), help);
}

function headOf(name: string): CommandHead | undefined {
  return Object.values(HEADS).find((head) => head.name === name);
}

/** A command with its arguments: "normfold check <original> <result>". */
function callOf({ name, arguments: places }: CommandHead): string {
  return ["normfold", name, ...places.map((place) => place.name)].join(" ");
}
