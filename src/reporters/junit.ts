import { visible } from "../base/visible.js";
import type { Case } from "./case.js";

/** The cases as a JUnit report, as Jenkins, GitLab and others read it: one suite, a test case for each model. */
export function junitText(cases: readonly Case[], command: string): string {
  const of = (status: Case["status"]): number => cases.filter((each) => each.status === status).length;
  const seconds = cases.reduce((sum, each) => sum + each.seconds, 0);
  const name = attribute(`normfold ${command}`);
  const counts = `tests="${cases.length}" failures="${of("failed")}" errors="${of("error")}" time="${timeText(seconds)}"`;
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="${name}" ${counts}>`,
    `  <testsuite name="${name}" ${counts}>`,
    ...cases.flatMap((each) => testCase(each, name)),
    "  </testsuite>",
    "</testsuites>",
    "",
  ].join("\n");
}

function testCase({ name, file, status, seconds, findings, figures }: Case, suite: string): string[] {
  const place = file === undefined ? "" : ` file="${attribute(file)}"`;
  const head = `<testcase name="${attribute(name)}" classname="${suite}"${place} time="${timeText(seconds)}">`;
  const errors = findings.filter(({ severity }) => severity === "error");
  const warnings = findings.filter(({ severity }) => severity === "warning");
  const [first] = errors;
  const element = status === "failed" ? "failure" : "error";
  const failure =
    status === "passed"
      ? []
      : [
          `      <${element} type="${attribute(first?.title ?? status)}" message="${attribute(first?.message ?? status)}">` +
            `${content(errors.map(({ title, message }) => `${title}: ${message}`).join("\n"))}</${element}>`,
        ];
  const output = [
    ...figures.map(([label, text]) => `${label}: ${text}`),
    ...warnings.map(({ title, message }) => `${title}: ${message}`),
  ];
  return [
    `    ${head}`,
    ...failure,
    ...(output.length === 0 ? [] : [`      <system-out>${content(output.join("\n"))}</system-out>`]),
    "    </testcase>",
  ];
}

/** Seconds to the microsecond: JUnit knows no exponents. */
function timeText(seconds: number): string {
  return seconds.toFixed(6);
}

/** What XML cannot hold at all is escaped as text first; line breaks stay. */
function content(text: string): string {
  return text
    .split("\n")
    .map(visible)
    .join("\n")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll(/[\ufffe\uffff]/g, "?");
}

function attribute(text: string): string {
  return content(visible(text)).replaceAll('"', "&quot;");
}
