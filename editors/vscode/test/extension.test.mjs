// The client without VS Code: which server it starts, and what its commands do.

import assert from "node:assert/strict";
import { createRequire } from "node:module";
import Module from "node:module";
import test from "node:test";
import { buildSync } from "esbuild";

const built = buildSync({
  entryPoints: [new URL("../src/extension.ts", import.meta.url).pathname],
  bundle: true,
  platform: "node",
  external: ["vscode", "vscode-languageclient/node"],
  write: false,
}).outputFiles[0].text;

function started({ documents = [], command = ["python", "-m", "anydsl"], fails = false } = {}) {
  const seen = { commands: {}, tasks: [], errors: [], warnings: [], clients: [], selection: undefined };
  const editor = { revealRange() {}, set selection(value) { seen.selection = value; } };
  class Plain {
    constructor(...given) {
      this.given = given;
    }
  }
  const vscode = {
    commands: { registerCommand: (name, run) => ((seen.commands[name] = run), {}) },
    workspace: {
      getConfiguration: () => ({ get: () => command }),
      onDidChangeConfiguration: () => ({}),
      openTextDocument: async (uri) => uri,
      textDocuments: documents,
    },
    window: {
      showErrorMessage: (said) => seen.errors.push(said),
      showWarningMessage: (said) => seen.warnings.push(said),
      showTextDocument: async () => editor,
    },
    tasks: { executeTask: async (task) => seen.tasks.push(task) },
    Uri: { parse: (uri) => uri },
    Selection: Plain,
    Task: Plain,
    ShellExecution: Plain,
    TaskScope: { Workspace: 2 },
    TaskRevealKind: { Always: 1 },
    TaskPanelKind: { Dedicated: 2 },
  };
  class LanguageClient extends Plain {
    async start() {
      seen.clients.push(this.given);
      if (fails) throw new Error("ENOENT");
    }
    async stop() {
      seen.clients.push("stopped");
    }
  }
  const load = Module._load;
  Module._load = (name, ...rest) =>
    ({ vscode, "vscode-languageclient/node": { LanguageClient } })[name] ?? load(name, ...rest);
  const extension = { exports: {} };
  try {
    new Function("module", "exports", "require", built)(
      extension,
      extension.exports,
      createRequire(import.meta.url),
    );
  } finally {
    Module._load = load;
  }
  return { seen, extension: extension.exports };
}

async function activated(options) {
  const { seen, extension } = started(options);
  await extension.activate({ subscriptions: [] });
  return seen;
}

test("it starts the server of the settings and says which commands it has", async () => {
  const [[, , server, options]] = (await activated()).clients;
  assert.deepEqual(server, { command: "python", args: ["-m", "anydsl", "lsp"] });
  assert.deepEqual(options.initializationOptions.commands, [
    "anydsl.show",
    "anydsl.compile",
    "anydsl.train",
    "anydsl.selectReason",
  ]);
});

test("a lens saves the file and runs its command on the net", async () => {
  let saved = 0;
  const document = { uri: { fsPath: "/a b/x.anynet" }, isDirty: true, save: async () => ++saved > 0 };
  const seen = await activated({ documents: [document] });
  await seen.commands["anydsl.train"]("/a b/x.anynet", "Net");
  assert.equal(saved, 1);
  const [definition, , title, source, execution] = seen.tasks[0].given;
  assert.equal(definition.verb, "train");
  assert.deepEqual([title, source], ["train Net", "anydsl"]);
  assert.deepEqual(execution.given, ["python", ["-m", "anydsl", "train", "/a b/x.anynet::Net"]]);
});

test("a file that is not saved is not run", async () => {
  const document = { uri: { fsPath: "x" }, isDirty: true, save: async () => false };
  const seen = await activated({ documents: [document] });
  await seen.commands["anydsl.compile"]("x", "Net");
  assert.deepEqual(seen.tasks, []);
  assert.match(seen.warnings[0], /save the file/);
});

test("the reason of a waiver is selected", async () => {
  const seen = await activated();
  const range = { start: { line: 3, character: 7 }, end: { line: 3, character: 10 } };
  await seen.commands["anydsl.selectReason"]("file:///x", range);
  assert.deepEqual(seen.selection.given, [3, 7, 3, 10]);
});

test("where the server does not start, it says how to get it; a restart tries again", async () => {
  const seen = await activated({ fails: true });
  assert.match(seen.errors[0], /pip install 'anydsl\[lsp\]'/);
  await seen.commands["anydsl.restart"]();
  assert.equal(seen.errors.length, 2);
});
