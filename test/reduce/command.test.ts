import { readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { describe, expect, it } from "vitest";
import { commandPredicate } from "../../src/reduce/command.js";
import { modelOf } from "../support/rewrite.js";
import { graphText } from "../support/text.js";

const model = modelOf(graphText("float[2] x", [], "y = Relu (x)"));
const signal = new AbortController().signal;
const node = `"${process.execPath}"`;

/** A command that looks at the model and then does something. */
function script(text: string): string {
  return `${node} -e "if (require('fs').statSync(process.argv[1]).size > 0) { ${text} }" {}`;
}

describe.skipIf(process.platform === "win32")("commandPredicate", () => {
  it("says how the command ended, as shells count", async () => {
    const end = (text: string): unknown => commandPredicate({ run: script(text) }).observe(model, signal);
    expect(await end("process.exit(3)")).toBe("exit code 3");
    expect(await end("process.exit(0)")).toBeUndefined();
    expect(await end("process.kill(process.pid, 'SIGSEGV'); setInterval(() => 0, 1000)")).toBe(
      "exit code 139 (SIGSEGV)",
    );
  });

  it("takes another exit code, and what the output must match", async () => {
    const run = script("console.error('line 1'); console.log('no kernel for Foo 17'); process.exit(2)");
    const seen = (options: object): unknown => commandPredicate({ run, ...options }).observe(model, signal);
    expect(await seen({ exitCode: 2 })).toBe("exit code 2");
    expect(await seen({ exitCode: 0 })).toBeUndefined();
    expect(await seen({ match: "^no kernel" })).toBe('exit code 2, with "^no kernel" in the output');
    expect(await seen({ match: "^kernel" })).toBeUndefined();
    const predicate = commandPredicate({ run });
    await predicate.observe(model, signal);
    expect(predicate.said?.()).toBe("no kernel for Foo 0");
  });

  it("ends a command that takes too long, and one that is not waited for any more", async () => {
    const slow = commandPredicate({ run: script("setInterval(() => 0, 1000)"), timeout: 0.5 });
    expect(await slow.observe(model, signal)).toBe("no end within 0.5 seconds");
    const controller = new AbortController();
    const waiting = commandPredicate({ run: script("setInterval(() => 0, 1000)") }).observe(
      model,
      controller.signal,
    );
    setTimeout(() => controller.abort(), 100);
    await expect(waiting).rejects.toThrow("aborted");
    expect(readdirSync(tmpdir()).filter((name) => name.includes(`-${process.pid}-`))).toEqual([]);
  });

  it("refuses commands that cannot be tried", async () => {
    expect(() => commandPredicate({ run: "python run.py" })).toThrow(/no place for the model; write \{\}/);
    expect(() => commandPredicate({ run: "x {}", match: "(" })).toThrow(/no regular expression/);
    await expect(
      commandPredicate({ run: "no-such-command-here {}" }).observe(model, signal),
    ).rejects.toMatchObject({
      id: "command-does-not-start",
    });
  });
});
