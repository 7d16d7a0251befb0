// Starts `borgcfg lsp` and hands the editor over to it. Whatever knows BCL lives in the server.
const path = require("path");
const vscode = require("vscode");
const { LanguageClient } = require("vscode-languageclient/node");

let client;

function serverOptions() {
  const configured = vscode.workspace.getConfiguration("bcl").get("server.command");
  const [program, ...args] = configured;
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath;
  // A bare word is looked up on the PATH; anything with a slash is a file, seen from the workspace.
  const command = folder && program.includes("/") ? path.resolve(folder, program) : program;
  return { command, args, options: folder ? { cwd: folder } : {} };
}

async function start() {
  client = new LanguageClient("bcl", "BCL", serverOptions(), {
    documentSelector: [{ language: "bcl" }],
    synchronize: {
      // Imported files that change on disk without being open here.
      fileEvents: vscode.workspace.createFileSystemWatcher("**/*.{borg,json}"),
    },
  });
  await client.start();
}

async function restart() {
  await client?.stop();
  await start();
}

async function activate(context) {
  context.subscriptions.push(vscode.commands.registerCommand("bcl.restart", restart));
  try {
    await start();
  } catch (error) {
    vscode.window.showErrorMessage(
      `BCL: the language server did not start (${error.message}). ` +
        "Install it with: pip install 'borgpy[lsp]', or set bcl.server.command.",
    );
  }
}

function deactivate() {
  return client?.stop();
}

module.exports = { activate, deactivate };
