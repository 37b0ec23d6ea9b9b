// Starts `anydsl lsp`, and carries out the commands that stand above a net: in a terminal, as one
// would type them.

import * as vscode from "vscode";
import { LanguageClient, type LanguageClientOptions, type ServerOptions } from "vscode-languageclient/node";

const VERBS = ["show", "compile", "train"] as const;
const REASON = "anydsl.selectReason";

let client: LanguageClient | undefined;

export async function activate(context: vscode.ExtensionContext): Promise<void> {
  for (const verb of VERBS) {
    context.subscriptions.push(
      vscode.commands.registerCommand(`anydsl.${verb}`, (path: string, name: string) => run(verb, path, name)),
    );
  }
  context.subscriptions.push(
    vscode.commands.registerCommand(REASON, selectReason),
    vscode.commands.registerCommand("anydsl.restart", restart),
    vscode.workspace.onDidChangeConfiguration((change) => {
      if (change.affectsConfiguration("anydsl.command")) {
        void restart();
      }
    }),
  );
  await start();
}

export async function deactivate(): Promise<void> {
  await client?.stop();
  client = undefined;
}

function command(): [string, ...string[]] {
  const [program, ...before] = vscode.workspace.getConfiguration("anydsl").get<string[]>("command") ?? [];
  return [program || "anydsl", ...before];
}

async function start(): Promise<void> {
  const [program, ...before] = command();
  const server: ServerOptions = { command: program, args: [...before, "lsp"] };
  const options: LanguageClientOptions = {
    documentSelector: [
      { scheme: "file", language: "anynet" },
      { scheme: "untitled", language: "anynet" },
    ],
    initializationOptions: { commands: [...VERBS.map((verb) => `anydsl.${verb}`), REASON] },
  };
  client = new LanguageClient("anydsl", "AnyNet", server, options);
  try {
    await client.start();
  } catch (error) {
    client = undefined;
    void vscode.window.showErrorMessage(
      `AnyNet: \`${[program, ...before, "lsp"].join(" ")}\` does not start (${String(error)}). ` +
        "Is it installed, with its extra? pip install 'anydsl[lsp]'; the setting `anydsl.command` says where it is.",
    );
  }
}

async function restart(): Promise<void> {
  await deactivate();
  await start();
}

/** Run a command of anydsl on a net, in a terminal; what is typed is saved first. */
async function run(verb: string, path: string, name: string): Promise<void> {
  const open = vscode.workspace.textDocuments.find((document) => document.uri.fsPath === path);
  if (open?.isUntitled || (open?.isDirty && !(await open.save()))) {
    void vscode.window.showWarningMessage("AnyNet: save the file first; anydsl reads what is on disk.");
    return;
  }
  const [program, ...before] = command();
  const task = new vscode.Task(
    { type: "anydsl", verb, path, name },
    vscode.TaskScope.Workspace,
    `${verb} ${name}`,
    "anydsl",
    new vscode.ShellExecution(program, [...before, verb, `${path}::${name}`]),
  );
  task.presentationOptions = { reveal: vscode.TaskRevealKind.Always, panel: vscode.TaskPanelKind.Dedicated };
  await vscode.tasks.executeTask(task);
}

interface WireRange {
  start: { line: number; character: number };
  end: { line: number; character: number };
}

/** Select the reason of a waiver that was just written, so that one types over it. */
async function selectReason(uri: string, range: WireRange): Promise<void> {
  const document = await vscode.workspace.openTextDocument(vscode.Uri.parse(uri));
  const editor = await vscode.window.showTextDocument(document);
  editor.selection = new vscode.Selection(
    range.start.line,
    range.start.character,
    range.end.line,
    range.end.character,
  );
  editor.revealRange(editor.selection);
}
