#include <fmt/format.h>

#include "host/cli/verbs.h"
#include "host/report/json_text.h"
#include "host/report/say.h"
#include "host/session/prepare.h"
#include "host/text.h"

namespace ganger::host {

namespace {

/// `from -> to` for each edge, as `line(from, to)` writes it.
template <class Line>
void for_each_edge(const Plan& plan, Line line) {
  for (TaskIndex from = 0; from < plan.size(); ++from)
    for (const TaskIndex to : plan.graph().successors(from)) line(from, to);
}

std::string dot_quoted(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : printable(text)) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + "\"";
}

std::string dot(const std::string& job, const Plan& plan) {
  std::string text =
      fmt::format("digraph {} {{\n  rankdir=LR;\n  node [shape=box, style=rounded];\n", dot_quoted(job));
  for (TaskIndex i = 0; i < plan.size(); ++i) {
    const PlannedTask& task = plan.task(i);
    const std::string name = dot_quoted(plan.name(i));
    // Names and types hold nothing that would have to be escaped, so that \n stays a line break.
    text += fmt::format("  {} [label=\"{}\\n{}\"{}];\n", name, plan.name(i), task.type->id,
                        task.is_heavy ? ", peripheries=2" : "");
  }
  for_each_edge(plan, [&](TaskIndex from, TaskIndex to) {
    const When when = plan.task(to).when;
    text += fmt::format("  {} -> {}{};\n", dot_quoted(plan.name(from)), dot_quoted(plan.name(to)),
                        when == When::ok ? "" : fmt::format(" [style=dashed, label=\"{}\"]", name_of(when)));
  });
  return text + "}\n";
}

std::string mermaid(const std::string& job, const Plan& plan) {
  // Numbers for ids: a task may be called `end`, which ends the flowchart.
  std::string text = fmt::format("---\ntitle: {}\n---\nflowchart LR\n", json_text(Json(printable(job))));
  for (TaskIndex i = 0; i < plan.size(); ++i) {
    const bool is_heavy = plan.task(i).is_heavy;
    text += fmt::format("  t{}{}\"{}<br/>{}\"{}\n", i, is_heavy ? "[[" : "[", plan.name(i), plan.task(i).type->id,
                        is_heavy ? "]]" : "]");
  }
  for_each_edge(plan, [&](TaskIndex from, TaskIndex to) {
    const When when = plan.task(to).when;
    text +=
        fmt::format("  t{} {} t{}\n", from, when == When::ok ? "-->" : fmt::format("-.->|{}|", name_of(when)), to);
  });
  return text;
}

Json json(const std::string& job, const Plan& plan) {
  Json nodes = Json::array(), edges = Json::array();
  for (TaskIndex i = 0; i < plan.size(); ++i) {
    const PlannedTask& task = plan.task(i);
    Json node;
    node["name"] = plan.name(i);
    node["uses"] = task.type->id;
    node["lane"] = task.is_heavy ? "pool" : "serial";
    node["when"] = name_of(task.when);
    nodes.push_back(std::move(node));
  }
  for_each_edge(plan, [&](TaskIndex from, TaskIndex to) {
    Json edge;
    edge["from"] = plan.name(from);
    edge["to"] = plan.name(to);
    edges.push_back(std::move(edge));
  });
  Json graph;
  graph["schema"] = "ganger.graph/1";
  graph["job"] = job;
  graph["nodes"] = std::move(nodes);
  graph["edges"] = std::move(edges);
  return graph;
}

}  // namespace

int graph_verb(const Options& options) {
  const auto prepared = prepare(options);
  if (!prepared) {
    say(prepared.error());
    return exit_code(prepared.error());
  }
  const std::string& job = prepared->reading.job.name;
  const Plan& plan = prepared->job.plan;
  if (options.as_json || options.graph_as == "json")
    answer_json(json(job, plan));
  else
    answer(options.graph_as == "mermaid" ? mermaid(job, plan) : dot(job, plan));
  return kExitOk;
}

}  // namespace ganger::host
