// Runs command lines of the built command one after the other in one process, in the folder that each comes with: a process for each
// would take ten times as long. Answers with the exit code and what was written.
import { run } from "../../../dist/src/cli/program.js";

const written = { stdout: "", stderr: "" };
for (const name of ["stdout", "stderr"]) {
  process[name].write = (part, encoding, done) => {
    written[name] += typeof part === "string" ? part : Buffer.from(part).toString("latin1");
    const callback = typeof encoding === "function" ? encoding : done;
    if (callback) process.nextTick(callback);
    return true;
  };
}

process.on("message", async ({ folder, args }) => {
  process.chdir(folder);
  process.exitCode = undefined;
  written.stdout = written.stderr = "";
  await run(args);
  const code = process.exitCode ?? 0;
  process.exitCode = undefined;
  for (const signal of ["SIGINT", "SIGTERM"]) process.removeAllListeners(signal);
  process.send({ code, ...written });
});
process.send("ready");
