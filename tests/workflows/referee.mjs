// GitHub's own workflow parser and expression engine behind a line protocol: one JSON question in, one JSON answer out.
// Started by referee.py as: node referee.mjs NODE_MODULES
import { registerHooks } from "node:module";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

// The parser imports its schemas without `with { type: "json" }`, which Node demands.
registerHooks({
  load(url, context, next) {
    return next(url, url.endsWith(".json") ? { ...context, importAttributes: { type: "json" } } : context);
  },
});

const home = process.argv[2];
const load = (file) => import(pathToFileURL(join(home, "@actions", file)).href);
const { Evaluator, Lexer, Parser, data, wellKnownFunctions } = await load("expressions/dist/index.js");
const { convertWorkflowTemplate, NoOperationTraceWriter, parseWorkflow } = await load("workflow-parser/dist/index.js");
const { convertActionTemplate, parseAction } = await load("workflow-parser/dist/actions/index.js");

const CONTEXTS = ["env", "github", "inputs", "job", "matrix", "needs", "runner", "secrets", "steps", "strategy", "vars"];

// The status functions, from the outcome of what ran before; a skipped need is not a success.
const statusFunctions = ({ results = [], cancelled = false }) => {
  const say = (name, value) => [name, { name, minArgs: 0, maxArgs: 0, call: () => new data.BooleanData(value) }];
  return new Map([
    say("always", true),
    say("cancelled", cancelled),
    say("failure", !cancelled && results.includes("failure")),
    say("success", !cancelled && results.every((result) => result === "success")),
  ]);
};

const evaluate = (expression, contexts, status = {}) => {
  const functions = statusFunctions(status);
  const parsed = new Parser(new Lexer(expression).lex().tokens, CONTEXTS, [...functions.values()]).parse();
  const known = JSON.parse(JSON.stringify(contexts), data.reviver);
  return new Evaluator(parsed, known, new Map([...Object.entries(wellKnownFunctions), ...functions])).evaluate();
};

const asText = (template, contexts) =>
  template.replaceAll(/\$\{\{(.*?)\}\}/gs, (_, expression) => evaluate(expression, contexts).coerceString());

const ask = {
  // The errors that GitHub would show for a file.
  async errors({ kind, name, text }) {
    const parse = kind === "action" ? parseAction : parseWorkflow;
    const convert = kind === "action" ? convertActionTemplate : convertWorkflowTemplate;
    const { context, value } = parse({ name, content: text }, new NoOperationTraceWriter());
    if (value) await convert(context, value);
    return context.errors.getErrors().map((error) => error.message);
  },

  // Which jobs of a workflow run, with the result each of them would have.
  async jobs({ text, contexts, outcomes = {}, cancelled = false }) {
    const { context, value } = parseWorkflow({ name: "workflow.yml", content: text }, new NoOperationTraceWriter());
    const workflow = await convertWorkflowTemplate(context, value);
    const results = {};
    for (const job of workflow.jobs) {
      const needs = Object.fromEntries((job.needs ?? []).map((need) => [need.value, { result: results[need.value] }]));
      const status = { results: Object.values(needs).map((need) => need.result), cancelled };
      const runs = evaluate(job.if.expression, { ...contexts, needs }, status).coerceString() === "true";
      results[job.id.value] = runs ? (outcomes[job.id.value] ?? "success") : "skipped";
    }
    return results;
  },

  // A step's `if`, as the runner reads it: without a status function it means `success() && (…)`.
  condition({ text, contexts, results = [] }) {
    const asksStatus = /\b(always|cancelled|failure|success)\s*\(/.test(text);
    return evaluate(asksStatus ? text : `success() && (${text})`, contexts, { results }).coerceString() === "true";
  },

  text: ({ text, contexts }) => asText(text, contexts),
};

for await (const line of createInterface({ input: process.stdin })) {
  const question = JSON.parse(line);
  let answer;
  try {
    answer = { answer: await ask[question.ask](question) };
  } catch (error) {
    answer = { error: String(error) };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
