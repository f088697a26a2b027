// Covered by tests/client/jobs/trees_test.cc.
#include "apps/client/jobs/trees.h"

#include <algorithm>
#include <string>
#include <utility>

#include "apps/client/jobs/read_listing.h"
#include "apps/client/local/part_file.h"
#include "apps/client/local/tree.h"

namespace client {

namespace {

// Deeper than any tree that people keep; a link on the server may lead in circles.
constexpr unsigned most_depth = 100;

// A job for an entry of the directory of `parent`, whose URL is `directory`.
Job job_for(const Job& parent, const Url& directory, const RemoteEntry& entry) {
  Job job{.verb = parent.verb,
          .where = url_of(directory, entry),
          .file = parent.file + entry.name,
          .depth = parent.depth + 1};
  job.is_tree = entry.is_directory;
  if (job.is_tree) job.file += '/';
  return job;
}

// A job that fails: nothing can be done with the entry of that name.
Job hopeless_job(const Job& parent, ExitReason problem) {
  return {.verb = parent.verb,
          .where = parent.where,
          .file = parent.file,
          .depth = parent.depth + 1,
          .problem = std::move(problem)};
}

Job unstorable(const Job& parent, const Url& directory, const std::string& name) {
  return hopeless_job(parent, exit_with(ExitCode::weird_reply,
                                        directory.text() + ": the listing has the name '" + name +
                                            "', which no file here may have; it was not saved"));
}

Job unsendable(const Job& parent, const std::string& name) {
  return hopeless_job(
      parent, exit_with(ExitCode::read_error,
                        "'" + parent.file + name +
                            "' has a control character in its name, or bytes that are no UTF-8; "
                            "it was not sent: rename it"));
}

ExitReason too_many(const Job& parent) {
  return exit_with(ExitCode::weird_reply,
                   parent.where.text() + ": the tree has more than " +
                       std::to_string(Queue::most_jobs) +
                       " files side by side; get its directories one by one");
}

// Files begin before directories, so that few jobs wait.
ExitCode add_jobs(Channel& channel, const Job& parent, std::vector<Job> jobs) {
  const auto is_file = [](const Job& job) { return !job.is_tree; };
  std::stable_partition(jobs.begin(), jobs.end(), is_file);
  const auto files = std::count_if(jobs.begin(), jobs.end(), is_file);
  if (!channel.session.queue.put_first(std::move(jobs))) return channel.fail(too_many(parent));
  channel.session.report.add_files(static_cast<std::size_t>(files));
  return ExitCode::ok;
}

}  // namespace

uring::Task<ExitCode> get_tree(Channel& channel, const Job& job) {
  Url where = job.where;
  RemoteListing listing;
  const ExitCode read = co_await read_listing(channel, where, listing);
  if (read != ExitCode::ok) co_return read;
  const bool is_inside = job.depth > 0;
  // Another origin must not get what the user gives to this one, such as -H Authorization.
  const bool is_astray =
      is_inside ? where.text() != job.where.text() : where.origin() != job.where.origin();
  if (is_astray) {
    co_return channel.fail(ExitCode::weird_reply,
                           job.where.text() + " leads to " + where.text() +
                               ", out of the tree; get that directory by its own URL");
  }
  if (job.depth >= most_depth) {
    co_return channel.fail(ExitCode::weird_reply,
                           job.where.text() + ": the tree is deeper than " +
                               std::to_string(most_depth) +
                               " directories; a link on the server may lead in circles");
  }
  if (listing.entries.size() + listing.refused.size() > Queue::most_jobs) {
    co_return channel.fail(too_many(job));
  }
  ExitReason problem = is_inside ? make_directory_inside(job.file) : make_tree(job.file);
  if (problem) co_return channel.fail(std::move(problem));
  std::vector<Job> jobs;
  for (const RemoteEntry& entry : listing.entries) {
    jobs.push_back(is_part_name(entry.name) ? unstorable(job, where, entry.name)
                                            : job_for(job, where, entry));
  }
  for (const std::string& name : listing.refused) jobs.push_back(unstorable(job, where, name));
  co_return add_jobs(channel, job, std::move(jobs));
}

ExitCode put_tree(Channel& channel, const Job& job) {
  LocalListing listing;
  ExitReason problem = read_directory(job.file, listing);
  if (problem) return channel.fail(std::move(problem));
  for (const std::string& name : listing.left_out) {
    channel.session.report.warn(job.file + name +
                                " is a symbolic link, or no regular file; it is left out");
  }
  std::vector<Job> jobs;
  for (const RemoteEntry& entry : listing.entries) {
    jobs.push_back(job_for(job, job.where, entry));
  }
  for (const std::string& name : listing.not_allowed) jobs.push_back(unsendable(job, name));
  return add_jobs(channel, job, std::move(jobs));
}

}  // namespace client
