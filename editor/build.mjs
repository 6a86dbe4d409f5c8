/** Builds the pages' scripts into static/editor/; `--watch` goes on doing so. */
import { context } from "esbuild";

const build = await context({
  entryPoints: {
    ...{ editor: "src/main.ts", history: "src/history.ts", lost: "src/lost.ts", kept: "src/kept.ts" },
    ...{ share: "src/share.ts", shared: "src/shared.ts" },
  },
  outdir: "../static/editor",
  bundle: true,
  format: "esm",
  target: ["es2022", "safari16"],
  minify: true,
  legalComments: "none",
  logLevel: "info",
});

if (process.argv.includes("--watch")) await build.watch();
else {
  await build.rebuild();
  await build.dispose();
}
