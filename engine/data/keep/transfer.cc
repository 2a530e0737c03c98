#include "data/keep/transfer.h"

#include <algorithm>
#include <unordered_set>

#include "data/keep/garbage.h"
#include "data/keep/history.h"
#include "data/keep/object_graph.h"
#include "data/keep/object_transfer.h"
#include "data/keep/remote_forgets.h"
#include "data/keep/remote_lock.h"
#include "data/store/branch_tips.h"
#include "ground/json.h"
#include "ground/nearest_name.h"

namespace millgate {

namespace {

std::vector<std::string> chosen(const TransferOptions& options,
                                const std::vector<std::string>& all) {
  return options.branches.empty() ? all : options.branches;
}

/// Branches of remotes ("origin/main") are not ours to push.
Result<std::vector<std::string>> own_branches(const Repository& repository,
                                              const std::map<std::string, Id>& branches) {
  MILLGATE_ASSIGN(const auto remotes, read_remotes(repository));
  std::vector<std::string> names;
  for (const auto& [name, tip] : branches) {
    const bool remote = std::any_of(remotes.begin(), remotes.end(), [&](const auto& one) {
      return name.starts_with(one.first + "/");
    });
    if (!remote) names.push_back(name);
  }
  return names;
}

/// Moves the branch of our ledger that says where the remote's is.
Status track(Repository& repository, const std::string& name, const Id& commit,
             const std::string& author) {
  Ledger& ledger = repository.ledger();
  MILLGATE_ASSIGN(const auto tip, branch_tip(ledger, name));
  if (tip && tip->commit == commit) return {};
  const NewEvent event =
      tip ? commit_event(name, author, commit, tip->commit) : branch_event(name, author, commit);
  MILLGATE_TRY(ledger.append(event));
  return {};
}

/// Moves our branch forward, unless somebody moved it meanwhile.
Status move_forward(Repository& repository, const std::string& branch,
                    const std::optional<BranchTip>& from, const Id& to, const std::string& author) {
  const NewEvent event =
      from ? commit_event(branch, author, to, from->commit) : branch_event(branch, author, to);
  MILLGATE_TRY(repository.ledger().append(event, [&](const Ledger& ledger) -> Status {
    MILLGATE_ASSIGN(const auto now, branch_tip(ledger, branch));
    const bool same = now.has_value() == from.has_value() && (!now || now->commit == from->commit);
    if (same) return {};
    return Error{.code = ErrorCode::conflict,
                 .what = "branch `" + branch + "` was moved by another command meanwhile",
                 .hint = "pull again"};
  }));
  return {};
}

/// What was forgotten here is forgotten there: first the records and the versions that they name,
/// then what held the rows goes. Errors: `conflict` when the remote knows of more than we do.
Status push_forgotten(Repository& repository, Remote& remote, const TransferOptions& options,
                      const std::map<std::string, RemoteRef>& branches, TransferCount& count) {
  MILLGATE_ASSIGN(const auto forgotten, repository.forgotten());
  MILLGATE_ASSIGN(const auto there, forgets_of(remote.files()));
  std::unordered_set<Id> ours;
  std::vector<Reference> roots;
  for (const Forgotten::Entry& entry : forgotten->entries()) {
    ours.insert(entry.id);
    if (!there.contains(entry.id)) {
      roots.push_back({entry.id, "forget record"});
    }
  }
  const Error behind{.code = ErrorCode::conflict,
                     .what =
                         "the remote has what this project does not know of, and rows that were "
                         "forgotten must not come back by it",
                     .hint = "`millgate pull` first, then push again"};
  for (const Id& id : there) {
    if (!ours.contains(id)) return behind;
  }
  if (ours.empty()) return {};
  const ObjectGraph needed = walk_objects(repository.objects(), *forgotten, roots);
  std::vector<Id> ids;
  for (const auto& [id, node] : needed.nodes) {
    if (node.fault) return *node.fault;
    ids.push_back(id);
  }
  count.expect(ids.size());
  MILLGATE_TRY(for_each_at_once(ids, options.transfers_at_once, [&](const Id& id) -> Status {
    MILLGATE_ASSIGN(const std::string bytes, repository.objects().get(id));
    return send_object(remote.files(), id, bytes, count);
  }));
  for (const Reference& root : roots) MILLGATE_TRY(tell_forget(remote.files(), root.id));
  for (const Id& id : forgotten->removed()) {
    const std::string name = ObjectStore::name_of(id);
    if (!remote.files().exists(name)) continue;
    // What somebody else built on it is not known here.
    for (const auto& [branch, ref] : branches) {
      if (!repository.objects().has(ref.commit)) return behind;
    }
    const Status removed = remote.files().remove(name);
    if (!removed.ok() && removed.error().code != ErrorCode::not_found) return removed.error();
  }
  return {};
}

/// What was forgotten there is forgotten here, before a branch is pulled.
Status pull_forgotten(Repository& repository, const Remote& remote, const TransferOptions& options,
                      TransferCount& count) {
  MILLGATE_ASSIGN(const auto there, forgets_of(*remote.shared_files()));
  MILLGATE_ASSIGN(const auto records, read_forgets(ObjectStore(remote.shared_files()), there));
  const Forgotten forgotten_there(records);
  for (const Forgotten::Entry& one : records) {
    MILLGATE_ASSIGN(const auto forgotten, repository.forgotten());
    const bool is_known =
        std::any_of(forgotten->entries().begin(), forgotten->entries().end(),
                    [&](const Forgotten::Entry& entry) { return entry.id == one.id; });
    if (is_known) continue;
    FetchOptions how;
    how.at_once = options.transfers_at_once;
    MILLGATE_TRY(fetch_closure(repository.objects(), *remote.shared_files(), forgotten_there,
                               {{one.id, "forget record"}}, {}, how, count));
    MILLGATE_TRY(repository.ledger().append(learned_forget_event(
        one.id, one.record,
        {.from = "remote", .name = options.remote_name, .author = options.author})));
  }
  return {};
}

Status push_branch(Repository& repository, Remote& remote, const TransferOptions& options,
                   const std::string& branch, const Id& tip, const std::optional<RemoteRef>& there,
                   const std::vector<Id>& others, TransferReport& report, TransferCount& count) {
  BranchTransfer transfer{.branch = branch, .from = std::nullopt, .to = tip};
  if (there) transfer.from = there->commit;
  if (there && there->commit == tip) {
    report.branches.push_back(transfer);
    return track(repository, options.remote_name + "/" + branch, tip, options.author);
  }
  MILLGATE_ASSIGN(const auto ours, history_of(repository, tip));
  if (there && !ours.contains(there->commit)) {
    MILLGATE_ASSIGN(const auto theirs, history_of(repository, there->commit));
    transfer.outcome = theirs.contains(tip) ? TransferOutcome::ahead : TransferOutcome::diverged;
    report.branches.push_back(transfer);
    return {};
  }
  // What the remote's branches need is there; all of it is known here without asking.
  std::vector<Reference> known_roots;
  for (const Id& id : others) {
    if (repository.objects().has(id)) known_roots.push_back({id, "commit"});
  }
  MILLGATE_ASSIGN(const auto forgotten, repository.forgotten());
  // The versions that it has, not what they are by now: those may have to be sent.
  const ObjectGraph known = walk_objects(repository.objects(), Forgotten(), known_roots);
  const ObjectGraph needed =
      walk_objects(repository.objects(), *forgotten, {{tip, "commit"}}, [&](const Id& id) {
        const auto node = known.nodes.find(id);
        return node != known.nodes.end() && !node->second.fault;
      });
  std::vector<Id> ids;
  for (const auto& [id, node] : needed.nodes) {
    if (node.fault) return *node.fault;
    ids.push_back(id);
  }
  std::sort(ids.begin(), ids.end());
  count.expect(ids.size());
  MILLGATE_TRY(for_each_at_once(ids, options.transfers_at_once, [&](const Id& id) -> Status {
    MILLGATE_ASSIGN(const std::string bytes, repository.objects().get(id));
    return send_object(remote.files(), id, bytes, count);
  }));
  RemoteRef ref;
  ref.commit = tip;
  ref.author = options.author;
  ref.time = repository.clock().now();
  MILLGATE_TRY(remote.move_branch(branch, there, ref));
  transfer.outcome = TransferOutcome::moved;
  report.branches.push_back(transfer);
  return track(repository, options.remote_name + "/" + branch, tip, options.author);
}

Status push_tags(Repository& repository, Remote& remote, const TransferOptions& options,
                 TransferReport& report) {
  MILLGATE_ASSIGN(const auto ours, repository.tags());
  if (ours.empty()) return {};
  MILLGATE_ASSIGN(const auto theirs, remote.tags());
  MILLGATE_ASSIGN(const auto branches, remote.branches());
  std::unordered_set<Id> there;
  for (const auto& [branch, ref] : branches) {
    MILLGATE_ASSIGN(const auto history, history_of(repository, ref.commit));
    there.insert(history.begin(), history.end());
  }
  for (const auto& [tag, commit] : ours) {
    const auto found = theirs.find(tag);
    if (found != theirs.end()) {
      if (found->second.commit != commit) report.differing_tags.push_back(tag);
      continue;
    }
    // A tag whose commit is on no branch of the remote would name what is not there.
    if (!there.contains(commit)) continue;
    RemoteRef ref;
    ref.commit = commit;
    ref.author = options.author;
    ref.time = repository.clock().now();
    const Status made = remote.make_tag(tag, ref);
    if (!made.ok() && made.error().code == ErrorCode::conflict) {
      report.differing_tags.push_back(tag);
      continue;
    }
    MILLGATE_TRY(made);
    report.tags.push_back(tag);
  }
  return {};
}

Status pull_branch(Repository& repository, Remote& remote, const TransferOptions& options,
                   const std::string& branch, const RemoteRef& there, TransferReport& report,
                   TransferCount& count) {
  MILLGATE_ASSIGN(const auto branches, repository.branches());
  // What our branches need is here: every commit of the ledger came after all that it needs.
  std::unordered_set<Id> known;
  for (const auto& [name, tip] : branches) {
    if (known.contains(tip)) continue;
    MILLGATE_ASSIGN(const auto history, history_of(repository, tip));
    known.insert(history.begin(), history.end());
  }
  FetchOptions how;
  how.at_once = options.transfers_at_once;
  MILLGATE_ASSIGN(const auto forgotten, repository.forgotten());
  MILLGATE_TRY(fetch_closure(repository.objects(), remote.files(), *forgotten,
                             {{there.commit, "commit"}}, known, how, count));
  MILLGATE_TRY(track(repository, options.remote_name + "/" + branch, there.commit, options.author));
  MILLGATE_ASSIGN(const auto tip, branch_tip(repository.ledger(), branch));
  BranchTransfer transfer{.branch = branch, .from = std::nullopt, .to = there.commit};
  if (tip) transfer.from = tip->commit;
  if (!tip || !tip->commit) {
    transfer.outcome = TransferOutcome::moved;
  } else if (*tip->commit != there.commit) {
    MILLGATE_ASSIGN(const auto theirs, history_of(repository, there.commit));
    MILLGATE_ASSIGN(const auto ours, history_of(repository, *tip->commit));
    transfer.outcome = theirs.contains(*tip->commit) ? TransferOutcome::moved
                       : ours.contains(there.commit) ? TransferOutcome::ahead
                                                     : TransferOutcome::diverged;
  }
  if (transfer.outcome == TransferOutcome::moved) {
    MILLGATE_TRY(move_forward(repository, branch, tip, there.commit, options.author));
  }
  report.branches.push_back(transfer);
  return {};
}

Status pull_tags(Repository& repository, const Remote& remote, const TransferOptions& options,
                 TransferReport& report) {
  MILLGATE_ASSIGN(const auto theirs, remote.tags());
  for (const auto& [tag, ref] : theirs) {
    MILLGATE_ASSIGN(const auto ours, tag_target(repository.ledger(), tag));
    if (ours) {
      if (*ours != ref.commit) report.differing_tags.push_back(tag);
      continue;
    }
    if (!repository.objects().has(ref.commit)) continue;  // Of a branch that was not asked for.
    MILLGATE_TRY(repository.make_tag(tag, ref.commit.hex(), options.author));
    report.tags.push_back(tag);
  }
  return {};
}

}  // namespace

bool TransferReport::any_diverged() const {
  return std::any_of(branches.begin(), branches.end(), [](const BranchTransfer& one) {
    return one.outcome == TransferOutcome::diverged;
  });
}

Result<TransferReport> push(Repository& repository, Remote& remote,
                            const TransferOptions& options) {
  MILLGATE_ASSIGN(const auto lock,
                  RemoteLock::take(remote.shared_files(), RemoteUse::adds, "push", options.author));
  MILLGATE_ASSIGN(const auto ours, repository.branches());
  MILLGATE_ASSIGN(const auto own, own_branches(repository, ours));
  MILLGATE_ASSIGN(const auto theirs, remote.branches());
  std::vector<Id> known;
  known.reserve(theirs.size() + ours.size());
  for (const auto& [branch, ref] : theirs) known.push_back(ref.commit);
  TransferReport report;
  TransferCount count(options.progress);
  MILLGATE_TRY(push_forgotten(repository, remote, options, theirs, count));
  for (const std::string& branch : chosen(options, own)) {
    const auto tip = ours.find(branch);
    if (tip == ours.end()) {
      return not_found("there is no branch `" + branch + "` with a commit", name_hint(branch, own));
    }
    const auto found = theirs.find(branch);
    std::optional<RemoteRef> there;
    if (found != theirs.end()) there = found->second;
    MILLGATE_TRY(
        push_branch(repository, remote, options, branch, tip->second, there, known, report, count));
    known.push_back(tip->second);
  }
  MILLGATE_TRY(push_tags(repository, remote, options, report));
  report.object_count = count.object_count();
  report.object_bytes = count.object_bytes();
  return report;
}

Result<TransferReport> pull(Repository& repository, Remote& remote,
                            const TransferOptions& options) {
  MILLGATE_ASSIGN(const auto theirs, remote.branches());
  std::vector<std::string> all;
  all.reserve(theirs.size());
  for (const auto& [branch, ref] : theirs) all.push_back(branch);
  TransferReport report;
  TransferCount count(options.progress);
  MILLGATE_TRY(pull_forgotten(repository, remote, options, count));
  for (const std::string& branch : chosen(options, all)) {
    const auto there = theirs.find(branch);
    if (there == theirs.end()) {
      return not_found("the remote has no branch `" + branch + "`", name_hint(branch, all));
    }
    MILLGATE_TRY(pull_branch(repository, remote, options, branch, there->second, report, count));
  }
  MILLGATE_TRY(pull_tags(repository, remote, options, report));
  MILLGATE_TRY(remove_forgotten_objects(repository));
  report.object_count = count.object_count();
  report.object_bytes = count.object_bytes();
  return report;
}

}  // namespace millgate
