import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));
const read = (file: string): string => readFileSync(join(root, file), "utf8");

/** The files of these folders, or of the project's root, whose names end so. */
function filesOf(end: string, ...folders: readonly string[]): string[] {
  return folders.flatMap((folder) =>
    readdirSync(join(root, folder), { withFileTypes: true, recursive: folder !== "." })
      .filter((entry) => entry.isFile() && entry.name.endsWith(end))
      .map((entry) => relative(root, join(entry.parentPath, entry.name)))
      .filter((file) => !file.startsWith(join("docs", "api"))),
  );
}

function run(script: string): { readonly stderr: string; readonly status: number | null } {
  const { stderr, status } = spawnSync(process.execPath, [join(root, script), "--check"], {
    cwd: root,
    encoding: "utf8",
  });
  return { stderr, status };
}

const markdown = filesOf(".md", ".", "docs", "models", "test");
const sources = filesOf(".ts", "src", "passes");

describe("the generated pages", () => {
  it("agree with the built library; else: npm run docs", () => {
    expect(run("scripts/write-docs.mjs")).toEqual({ stderr: "", status: 0 });
  });

  it("have a comment in the code for every export and member of the doors", () => {
    expect(run("scripts/write-api.mjs")).toEqual({ stderr: "", status: 0 });
  });
});

describe("errors and refusals", () => {
  const listed = `${read("docs/errors.md")}\n${read("docs/refusals.md")}`;
  const ids = [...listed.matchAll(/^- `([^`]+)`/gm)].map(([, id = ""]) => id);

  it("have ids of their own, in kebab-case", () => {
    expect(ids.length).toBeGreaterThan(300);
    expect(ids.filter((id, index) => ids.indexOf(id) !== index)).toEqual([]);
    expect(ids.filter((id) => !/^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/.test(id))).toEqual([]);
  });

  it("have sentences of their own", () => {
    const entries = listed.split(/^(?=- `)|\n\n/m).filter((entry) => entry.startsWith("- `"));
    // Sentences that are the text of another error have only a placeholder.
    const sentences = entries.map((entry) =>
      entry
        .replace(/^- `[^`]+`/, "")
        .replaceAll(/\s+/g, " ")
        .trim(),
    );
    expect(sentences).toHaveLength(ids.length);
    expect(
      sentences.filter((text, index) => !text.endsWith("): `<text>`") && sentences.indexOf(text) !== index),
    ).toEqual([]);
  });

  it("come from catalogues that the pages list", () => {
    const catalogues = sources.filter(
      (file) => !file.startsWith("src/base/") && /\b(?:error|refusal)Catalogue\(/.test(read(file)),
    );
    expect(catalogues.length).toBeGreaterThan(30);
    expect(catalogues.filter((file) => !listed.includes(`[${file}](../${file})`))).toEqual([]);
  });

  it("are made in catalogues only", () => {
    const made = sources.filter(
      (file) =>
        !file.startsWith("src/base/") &&
        /\bnew NormfoldError\(|\bthrow new \w*Error\(|(?<![.\w])refuse\((?!\w+: )/.test(code(file)),
    );
    // An image with unexpected channels throws an error that is caught nearby, as sharp's own errors are.
    expect(made).toEqual(["src/node/data/images.ts"]);
  });
});

describe("the documents", () => {
  it("have a row for every room, below those that it imports", () => {
    const rows = read("ARCHITECTURE.md").match(/^\| \[.*$/gm) ?? [];
    const rowOf = (file: string): number => {
      const room = file.match(/^(?:src\/[^/]+|passes)/)?.[0] ?? "";
      return rows.findIndex((row) => row.split(" | ")[0]?.includes(`](${room})`));
    };
    expect(sources.filter((file) => rowOf(file) === -1)).toEqual([]);
    const upwards = sources.flatMap((file) =>
      [...read(file).matchAll(/\bfrom "(\.[^"]+)"/g)]
        .map(([, path = ""]) => join(dirname(file), path).replace(/\.js$/, ".ts"))
        .filter((target) => rowOf(target) > rowOf(file))
        .map((target) => `${file}: ${target}`),
    );
    expect(upwards).toEqual([]);
  });

  it("have a reason for every dependency", () => {
    const manifest: Readonly<Record<string, unknown>> = JSON.parse(read("package.json"));
    const kinds = ["dependencies", "optionalDependencies", "devDependencies"];
    const names = kinds.flatMap((kind) => Object.keys(manifest[kind] ?? {}));
    const rows = read("ARCHITECTURE.md").split("## Dependencies")[1] ?? "";
    expect(names.length).toBeGreaterThan(10);
    expect(
      names.filter((name) => !new RegExp(`^\\| .*\\b${name.replace("@", "")}\\b`, "m").test(rows)),
    ).toEqual([]);
  });

  it("link to files and headings that exist", () => {
    const broken = markdown.flatMap((file) =>
      [...prose(file).matchAll(/\]\((?!https?:)([^)#\s]*)(#[^)\s]*)?\)/g)].flatMap(
        ([, path = "", anchor]) => {
          const target = path === "" ? join(root, file) : resolve(root, dirname(file), path);
          if (!existsSync(target)) return [`${file}: ${path}`];
          if (anchor === undefined || !target.endsWith(".md")) return [];
          return headings(readFileSync(target, "utf8")).includes(anchor) ? [] : [`${file}: ${path}${anchor}`];
        },
      ),
    );
    expect(broken).toEqual([]);
  });

  it("name files and folders that exist", () => {
    const files = [
      ...markdown.filter((file) => file !== "CHANGELOG.md"),
      ...sources,
      ...filesOf(".ts", "test"),
    ];
    const wrong = files.flatMap((file) =>
      [
        ...read(file).matchAll(
          /(?<![\w./-])(?:src|passes|test|bench|scripts|docs)\/[\w/.-]*\w\.(?:ts|mjs|md)\b/g,
        ),
      ]
        .filter(([path]) => !existsSync(join(root, path)) && !EXAMPLES.includes(path))
        .map(([path]) => `${file}: ${path}`),
    );
    expect(wrong).toEqual([]);
  });

  it("have lines of at most 100 columns, but for tables, code and pictures", () => {
    const long = markdown.flatMap((file) =>
      prose(file)
        .split("\n")
        .filter((line) => [...line].length > 100 && !/^(?:\||!\[|#| {4})/.test(line))
        .map((line) => `${file}: ${line}`),
    );
    expect(long).toEqual([]);
  });
});

/** Files that pages name to show where one would be, or that a command writes. */
const EXAMPLES = [
  "docs/api/normfold/index.md",
  "passes/drop-relu.ts",
  "test/passes/drop-relu/rewrites.test.ts",
];

/** A page without its code blocks. */
function prose(file: string): string {
  return read(file).replaceAll(/^```[\s\S]*?^```$/gm, "");
}

/** A source file without its comments. */
function code(file: string): string {
  return read(file).replaceAll(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, "");
}

/** The anchors of a page's headings, as GitHub makes them. */
function headings(page: string): string[] {
  return [...page.replaceAll(/^```[\s\S]*?^```$/gm, "").matchAll(/^#+ (.*)$/gm)].map(
    ([, text = ""]) =>
      `#${text
        .toLowerCase()
        .replaceAll(/[^\w\s-]/g, "")
        .replaceAll(" ", "-")}`,
  );
}
