#include "data/keep/object_graph.h"

#include <algorithm>
#include <deque>

namespace millgate {

bool ObjectGraph::has_fault() const {
  return std::any_of(nodes.begin(), nodes.end(), [](const auto& one) {
    return one.second.required && one.second.fault.has_value();
  });
}

ObjectGraph walk_objects(const ObjectStore& objects, const Forgotten& forgotten,
                         const std::vector<Reference>& roots,
                         const std::function<bool(const Id&)>& leave_out) {
  return walk_objects([&](const Id& id) { return facts_of(objects, id); }, forgotten, roots,
                      leave_out);
}

ObjectGraph walk_objects(const LookAtObject& look, const Forgotten& forgotten,
                         const std::vector<Reference>& roots,
                         const std::function<bool(const Id&)>& leave_out) {
  ObjectGraph graph;
  std::deque<Id> waiting;
  const auto need = [&](const Id& user, Reference reference) {
    reference.id = forgotten.current(reference.id);
    if (leave_out && leave_out(reference.id)) return;
    const auto [node, fresh] = graph.nodes.try_emplace(reference.id);
    node->second.required |= reference.required;
    node->second.users.push_back({.id = user, .role = reference.role});
    if (fresh) waiting.push_back(reference.id);
  };
  for (const Reference& root : roots) need(Id{}, root);
  while (!waiting.empty()) {
    const Id id = waiting.front();
    waiting.pop_front();
    auto facts = look(id);
    GraphNode& node = graph.nodes.at(id);
    if (!facts.ok()) {
      node.fault = std::move(facts).error();
      continue;
    }
    node.kind = facts->kind;
    // `need` may move the nodes.
    for (const Reference& reference : facts->references) need(id, reference);
  }
  std::erase_if(graph.nodes, [](const auto& one) {
    return !one.second.required && one.second.fault.has_value() &&
           one.second.fault->code == ErrorCode::not_found;
  });
  return graph;
}

}  // namespace millgate
