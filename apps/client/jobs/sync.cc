// Covered by tests/client/jobs/sync_test.cc.
#include "apps/client/jobs/sync.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <string>
#include <sys/stat.h>
#include <utility>
#include <vector>

#include "apps/client/command/sync_plan.h"
#include "apps/client/jobs/print.h"
#include "apps/client/jobs/read_listing.h"
#include "apps/client/local/part_file.h"
#include "apps/client/local/tree.h"
#include "uring/result.h"

namespace client {

namespace {

// Ten times the entries of an ordinary tree; each has some 100 bytes.
constexpr std::size_t most_entries = 1'000'000;
// Deeper than any tree that people keep; a link on the server may lead in circles.
constexpr std::size_t most_depth = 100;

struct Sync {
  Sync(Channel& way, const Job& wish) : channel(way), job(wish) {}

  uring::Frames frames() const { return channel.frames(); }

  Channel& channel;
  const Job& job;
  Tree remote = {};
  Tree local = {};
  std::vector<ExitReason> problems = {};  // of parts of the trees; the rest is synchronised
};

// A directory on the server that has not been listed yet.
struct Pending {
  std::string path = {};  // "sub/", or nothing for the tree itself
  std::size_t depth = 0;
};

Url url_below(const Url& directory, const std::string& path) {
  Url where = directory;
  std::size_t begin = 0;
  while (begin < path.size()) {
    const std::size_t end = std::min(path.find('/', begin), path.size());
    complete_with_name(where, path.substr(begin, end - begin));
    if (end < path.size()) where.path += '/';
    begin = end + 1;
  }
  return where;
}

// --- The trees ---

// Adds the entries of a listing to the server's tree, and its directories to those that follow.
void take_listing(Sync& run, const Pending& at, const Url& where, RemoteListing& listing,
                  std::vector<Pending>& pending) {
  for (RemoteEntry& entry : listing.entries) {
    if (is_part_name(entry.name)) {
      listing.refused.push_back(entry.name);
      continue;
    }
    TreeEntry& added = run.remote.entries.emplace_back();
    added.path = at.path + entry.name;
    added.size = entry.size;
    added.modified = entry.modified;
    if (!entry.is_directory) continue;
    added.kind = TreeEntry::Kind::directory;
    pending.push_back({.path = added.path + '/', .depth = at.depth + 1});
  }
  for (const std::string& name : listing.refused) {
    run.remote.is_complete = false;
    run.problems.push_back(
        exit_with(ExitCode::weird_reply, where.text() + ": the listing has the name '" + name +
                                             "', which no file here may have; it was left out"));
  }
}

// The content of the directory is not known: nothing below it is touched.
void leave_out(Sync& run, const Pending& at, ExitReason problem) {
  run.remote.is_complete = false;
  run.remote.unread.push_back(at.path.substr(0, at.path.size() - 1));
  run.problems.push_back(std::move(problem));
}

// Lists one directory. A failure of a directory inside the tree is one of run.problems.
uring::Task<ExitCode> read_remote_directory(Sync& run, const Pending& at,
                                            std::vector<Pending>& pending) {
  Channel& channel = run.channel;
  const bool is_inside = at.depth > 0;
  const Url wanted = url_below(run.job.where, at.path);
  Url where = wanted;
  RemoteListing listing;
  if (at.depth > most_depth) {
    leave_out(run, at,
              exit_with(ExitCode::weird_reply, wanted.text() +
                                                   ": the tree is too deep; a link on the server "
                                                   "may lead in circles"));
    co_return ExitCode::ok;
  }
  const ExitCode read = co_await read_listing(channel, where, listing);
  const bool is_new = read == ExitCode::http_error && channel.head.status() == 404 && !is_inside &&
                      run.job.is_upload;
  if (is_new) co_return ExitCode::ok;
  if (is_inside && (read == ExitCode::http_error || read == ExitCode::weird_reply)) {
    leave_out(run, at, channel.error);
    co_return ExitCode::ok;
  }
  if (read != ExitCode::ok) co_return read;
  if (where.text() != wanted.text()) {
    ExitReason astray =
        exit_with(ExitCode::weird_reply,
                  wanted.text() + " leads to " + where.text() + ": give that URL instead");
    if (!is_inside) co_return channel.fail(std::move(astray));
    leave_out(run, at, std::move(astray));
    co_return ExitCode::ok;
  }
  take_listing(run, at, where, listing, pending);
  co_return ExitCode::ok;
}

uring::Task<ExitCode> read_remote(Sync& run) {
  std::vector<Pending> pending = {{}};
  while (!pending.empty()) {
    const Pending at = std::move(pending.back());
    pending.pop_back();
    const ExitCode read = co_await read_remote_directory(run, at, pending);
    if (read != ExitCode::ok) co_return read;
    if (run.remote.entries.size() + run.problems.size() > most_entries) {
      co_return run.channel.fail(ExitCode::weird_reply,
                                 run.job.where.text() + " has more than " +
                                     std::to_string(most_entries) +
                                     " files; synchronise its directories one by one");
    }
  }
  sort_tree(run.remote);
  co_return ExitCode::ok;
}

void take_local_directory(Sync& run, const std::string& path, const LocalListing& listing,
                          std::vector<std::string>& pending) {
  for (const RemoteEntry& entry : listing.entries) {
    TreeEntry& added = run.local.entries.emplace_back();
    added.path = path + entry.name;
    added.size = entry.size;
    added.modified = entry.modified;
    if (!entry.is_directory) continue;
    added.kind = TreeEntry::Kind::directory;
    pending.push_back(added.path + '/');
  }
  for (const std::string& name : listing.left_out) {
    run.local.entries.push_back({.path = path + name, .kind = TreeEntry::Kind::other});
    if (!run.job.is_upload) continue;
    std::string warning = run.job.file;
    warning += path;
    warning += name;
    warning += " is a symbolic link, or no regular file; it is left out";
    run.channel.session.report.warn(warning);
  }
  for (const std::string& name : listing.not_allowed) {
    run.local.entries.push_back({.path = path + name, .kind = TreeEntry::Kind::other});
    if (!run.job.is_upload) continue;
    std::string problem = "'" + run.job.file;
    problem += path;
    problem += name;
    problem +=
        "' has a control character in its name, or bytes that are no UTF-8; it was not sent: "
        "rename it";
    run.problems.push_back(exit_with(ExitCode::read_error, std::move(problem)));
  }
}

ExitCode read_local(Sync& run) {
  struct stat facts {};
  const bool is_new = ::stat(run.job.file.c_str(), &facts) != 0 && errno == ENOENT;
  if (is_new && !run.job.is_upload) return ExitCode::ok;
  std::vector<std::string> pending = {""};
  while (!pending.empty()) {
    const std::string path = std::move(pending.back());
    pending.pop_back();
    LocalListing listing;
    ExitReason problem = read_directory(run.job.file + path, listing);
    if (problem) return run.channel.fail(std::move(problem));
    take_local_directory(run, path, listing, pending);
    if (run.local.entries.size() > most_entries) {
      return run.channel.fail(ExitCode::read_error,
                              run.job.file + " has more than " + std::to_string(most_entries) +
                                  " files; synchronise its directories one by one");
    }
  }
  sort_tree(run.local);
  return ExitCode::ok;
}

// --- The jobs ---

Job job_for(const Sync& run, const SyncAction& action) {
  const bool is_upload = run.job.is_upload;
  Job job{.verb = is_upload ? Verb::put : Verb::get,
          .where = url_below(run.job.where, action.path),
          .file = run.job.file + action.path,
          .depth = 1};
  const bool lacks_version = is_upload && !action.is_new && !action.modified;
  job.is_compared = action.kind == SyncAction::Kind::compare || lacks_version;
  if (is_upload && action.is_new) job.condition.is_absent = true;
  if (is_upload && !action.is_new) job.condition.unchanged_since = action.modified;
  if (action.kind != SyncAction::Kind::remove) return job;
  job.verb = Verb::remove;
  job.is_local = !is_upload;
  if (action.is_directory) job.file += '/';
  return job;
}

Job hopeless_job(const Sync& run, ExitReason problem) {
  return {.verb = run.job.is_upload ? Verb::put : Verb::get,
          .where = run.job.where,
          .file = run.job.file,
          .depth = 1,
          .problem = std::move(problem)};
}

ExitReason conflict(const Sync& run, const SyncAction& action) {
  return exit_with(run.job.is_upload ? ExitCode::http_error : ExitCode::write_error,
                   (run.job.is_upload ? url_below(run.job.where, action.path).text()
                                      : run.job.file + action.path) +
                       ": a directory, a file or a link is in the way; remove it");
}

// Makes the directories here, and jobs for everything else.
void add_jobs(Sync& run, const SyncPlan& plan) {
  std::vector<Job> jobs;
  std::vector<Job> removals;
  for (ExitReason& problem : run.problems) jobs.push_back(hopeless_job(run, std::move(problem)));
  for (const SyncAction& action : plan.actions) {
    switch (action.kind) {
      case SyncAction::Kind::conflict:
        jobs.push_back(hopeless_job(run, conflict(run, action)));
        break;
      case SyncAction::Kind::remove: removals.push_back(job_for(run, action)); break;
      case SyncAction::Kind::copy:
      case SyncAction::Kind::compare: jobs.push_back(job_for(run, action)); break;
      case SyncAction::Kind::make_directory:
        if (run.job.is_upload) break;  // the server makes it for its first file
        ExitReason problem = make_directory_inside(run.job.file + action.path);
        if (problem) jobs.push_back(hopeless_job(run, std::move(problem)));
        break;
    }
  }
  Session& session = run.channel.session;
  session.report.add_files(jobs.size() + removals.size());
  session.queue.append(std::move(jobs));
  session.queue.defer(std::move(removals));
}

// --- The texts ---

std::string_view word_for(const Sync& run, const SyncAction& action) {
  switch (action.kind) {
    case SyncAction::Kind::copy: return run.job.is_upload ? "put" : "get";
    case SyncAction::Kind::compare: return "compare";
    case SyncAction::Kind::remove: return "delete";
    case SyncAction::Kind::conflict: return "conflict";
    case SyncAction::Kind::make_directory: break;
  }
  return run.job.is_upload ? "" : "mkdir";
}

// The plan as lines, for --dry-run, or as events.
uring::Task<ExitCode> show(Sync& run, const SyncPlan& plan) {
  const Session& session = run.channel.session;
  std::string lines;
  for (const SyncAction& action : plan.actions) {
    const std::string_view word = word_for(run, action);
    if (word.empty()) continue;
    if (session.settings.events != Events::none) {
      session.report.show_action(word, url_below(run.job.where, action.path).text(),
                                 run.job.file + action.path);
      continue;
    }
    lines += word;
    lines += ' ' + action.path + (action.is_directory ? "/\n" : "\n");
  }
  const ExitCode printed = co_await print(run.channel, lines);
  co_return printed;
}

void confirm(const Sync& run, const SyncPlan& plan) {
  std::size_t copies = 0;
  std::size_t compared = 0;
  std::size_t removals = 0;
  for (const SyncAction& action : plan.actions) {
    if (action.kind == SyncAction::Kind::copy) ++copies;
    if (action.kind == SyncAction::Kind::compare) ++compared;
    if (action.kind == SyncAction::Kind::remove) ++removals;
  }
  std::string text = std::to_string(copies) + (run.job.is_upload ? " to send" : " to get");
  if (compared > 0) text += ", " + std::to_string(compared) + " to compare";
  if (removals > 0) text += ", " + std::to_string(removals) + " to delete";
  run.channel.session.report.confirm(text + ", " + std::to_string(plan.equal) + " equal");
  if (!plan.keeps_surplus) return;
  run.channel.session.report.warn(
      "nothing is deleted, since not everything in the trees could be listed");
}

}  // namespace

uring::Task<ExitCode> sync(Channel& channel, const Job& job) {
  const Settings& settings = channel.session.settings;
  Sync run(channel, job);
  const ExitCode read = co_await read_remote(run);
  if (read != ExitCode::ok) co_return read;
  const ExitCode found = read_local(run);
  if (found != ExitCode::ok) co_return found;
  const SyncRules rules{.removes = settings.removes_surplus,
                        .removes_directories = !job.is_upload,
                        .compares_digests = settings.compares_digests};
  const SyncPlan plan = job.is_upload ? plan_sync(run.local, run.remote, rules)
                                      : plan_sync(run.remote, run.local, rules);
  if (settings.is_dry_run) {
    for (const ExitReason& problem : run.problems) channel.session.report.warn(problem.text);
    const ExitCode shown = co_await show(run, plan);
    co_return shown;
  }
  if (!job.is_upload) {
    ExitReason problem = make_tree(job.file);
    if (problem) co_return channel.fail(std::move(problem));
  }
  confirm(run, plan);
  add_jobs(run, plan);
  co_return ExitCode::ok;
}

uring::Task<ExitCode> remove_local(Channel& channel, const Job& job) {
  Report& report = channel.session.report;
  const char* path = job.file.c_str();
  const int flags = job.file.ends_with('/') ? AT_REMOVEDIR : 0;
  const uring::Result removed = co_await channel.io.unlink(AT_FDCWD, path, flags);
  const int error = removed.ok() ? 0 : -removed.value;
  report.count_saved(0);
  if (error == ENOTEMPTY || error == EEXIST) {
    report.warn(job.file + " is not empty; it stays");
  } else if (error == 0 || error == ENOENT) {
    report.confirm("deleted " + job.file);
  } else {
    co_return channel.fail(ExitCode::write_error,
                           "cannot delete " + job.file + ": " + uring::error_text(error));
  }
  co_return ExitCode::ok;
}

}  // namespace client
