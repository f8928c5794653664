/* λ_i for rows of [schedule, λ, [α], depth], for the comparison with Python. */
import { readFileSync } from "node:fs";
import { load } from "./load.mjs";

const page = load(["text", "schedule"]);
const rows = JSON.parse(readFileSync(0, "utf8"));
process.stdout.write(JSON.stringify(rows.map(([name, mixing, alpha, depth]) => page.mixingRatios(name, mixing, alpha, depth))));
