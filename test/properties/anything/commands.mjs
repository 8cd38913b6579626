// Runs command lines of the built command one after the other in one process, in the folder that each comes with: a process for each
// would take ten times as long. Answers with the exit code.
import { run } from "../../../dist/src/cli/program.js";

process.on("message", async ({ folder, args }) => {
  process.chdir(folder);
  process.exitCode = undefined;
  await run(args);
  const code = process.exitCode ?? 0;
  process.exitCode = undefined;
  for (const signal of ["SIGINT", "SIGTERM"]) process.removeAllListeners(signal);
  process.send(code);
});
process.send("ready");
