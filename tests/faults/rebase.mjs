// Rule K8 by an OT library that nobody here wrote: each entry of a log must be what was sent, moved over what came
// between. Reads {"log": [{"operation", "sent": [[base, operation], …] | null}, …]}; writes {"wrong": [versions], "text"}.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";

const { type } = createRequire(new URL("../../editor/package.json", import.meta.url))("ot-text-unicode");
const theirs = (operation) => operation.map((part) => (part < 0 ? { d: -part } : part));
const { log } = JSON.parse(readFileSync(0, "utf8"));
const operations = log.map((entry) => type.normalize(theirs(entry.operation)));

const isFaithful = (index, [base, sent]) => {
	let moved = type.normalize(theirs(sent));
	for (let other = base; other < index; other++) moved = type.transform(moved, operations[other], "left");
	return JSON.stringify(moved) === JSON.stringify(operations[index]);
};
const wrong = log.flatMap(({ sent }, index) =>
	sent === null || sent.some((each) => isFaithful(index, each)) ? [] : [index + 1],
);
const text = operations.reduce((so_far, operation) => type.apply(so_far, operation), "");
process.stdout.write(JSON.stringify({ wrong, text }));
