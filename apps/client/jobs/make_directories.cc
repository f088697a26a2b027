// MKCOL, up the path and down again. Covered by tests/client/jobs/make_directories_test.cc.
#include "apps/client/jobs/make_directories.h"

#include <cstddef>
#include <string>
#include <utility>

#include "apps/client/net/exchange.h"

namespace client {

namespace {

enum class Made {
  exists,       // now, or already
  needs_outer,  // the directory around it is missing
  refused       // by the server; channel.head and channel.error say how
};

// RFC 4918 9.3.1. 405: the name is in use already, or the server has no WebDAV.
Made outcome_of(int status) {
  if (status == 405 || (status >= 200 && status < 300)) return Made::exists;
  return status == 409 ? Made::needs_outer : Made::refused;
}

ExitReason refusal(const http1::ResponseHead& head, const Url& directory) {
  if (head.status() == 501) return exit_with(ExitCode::http_error, {});
  return exit_with(ExitCode::http_error, "the directory " + directory.text() +
                                             " is missing there, and the server responded " +
                                             status_text(head) +
                                             " to MKCOL; make the directory first");
}

// A second channel may have made the directory at the same moment: Apache then refuses with 403,
// and says at a second request that the directory exists. Any other refusal would be repeated in
// vain.
uring::Task<ExitCode> make_directory(Channel& channel, const Url& directory, Made& made) {
  const Request request{.method = http1::Method::mkcol, .where = &directory, .is_auxiliary = true};
  const int tries = channel.session.settings.parallel > 1 ? 2 : 1;
  made = Made::refused;
  for (int count = 0; count < tries; ++count) {
    const ExitCode responded = co_await exchange(channel, request);
    if (responded != ExitCode::ok) co_return responded;
    made = outcome_of(channel.head.status());
    channel.error = refusal(channel.head, directory);
    const bool is_race = channel.head.status() == 403;
    co_await skip_body(channel);
    if (!is_race) break;
  }
  co_return ExitCode::ok;
}

}  // namespace

bool may_lack_directory(int status) { return status == 409 || status == 500; }

std::vector<Url> directories_of(const Url& where) {
  std::vector<Url> directories;
  Url directory = where;
  directory.has_query = false;
  directory.query.clear();
  // The last segment is the file, or an empty name behind a slash.
  std::size_t end = directory.path.rfind('/');
  while (end > 0 && end != std::string::npos) {
    directory.path.resize(end + 1);
    directories.push_back(directory);
    end = directory.path.rfind('/', end - 1);
  }
  return directories;
}

uring::Task<ExitCode> make_directories(Channel& channel, const Url& where) {
  const std::vector<Url> directories = directories_of(where);
  if (directories.empty()) co_return channel.fail(ExitCode::http_error, {});
  std::size_t next = 0;
  bool goes_up = true;
  while (true) {
    Made made = Made::refused;
    const ExitCode responded = co_await make_directory(channel, directories[next], made);
    if (responded != ExitCode::ok) co_return responded;
    goes_up = goes_up && made == Made::needs_outer;
    if (made == Made::exists && next == 0) co_return ExitCode::ok;
    const bool fails = goes_up ? next + 1 == directories.size() : made != Made::exists;
    if (fails) co_return ExitCode::http_error;
    goes_up ? ++next : --next;
  }
}

}  // namespace client
