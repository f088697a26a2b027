// quoitd: serves and stores the files of a directory over HTTP/1.1, by io_uring or by epoll.
//
// The life of a request is in serve.cc. Covered by tests/end_to_end/.
#include <cstdio>
#include <exception>
#include <malloc.h>
#include <new>
#include <string_view>
#include <utility>

#include "apps/server/auth/token.h"
#include "apps/server/config/config.h"
#include "apps/server/config/options.h"
#include "apps/server/log/message.h"
#include "apps/server/process/access.h"
#include "apps/server/process/server.h"
#include "apps/server/process/tls_files.h"
#include "uring/standard_streams.h"

namespace {

// Reads the options and runs the server. Exceptions of the standard library that end a start, for
// want of memory or of threads, become an ExitReason here and nowhere else; a server that runs
// handles them where they arise.
options::ExitReason run(int argc, char** argv) {
  try {
    if (argc == 3 && std::string_view(argv[1]) == "token") return server::make_token(argv[2]);
    server::Config config;
    options::ExitReason reason = server::read_options(argc, argv, config);
    if (config.is_only_checked && reason.status == EX_OK) {
      options::ExitReason problem = server::check_files(config);
      if (!problem) problem = server::check_certificates(config);
      if (problem) return problem;
    }
    if (!reason) reason = server::run_server(std::move(config), {argc, argv});
    return reason;
  } catch (const std::bad_alloc&) {
    return {EX_OSERR, "there is not enough memory; see 'ulimit -v'"};
  } catch (const std::exception& error) {
    return {EX_OSERR, std::string("the system refuses what quoitd needs: ") + error.what()};
  }
}

}  // namespace

int main(int argc, char** argv) {
  uring::occupy_standard_streams(uring::ClosedStream::empty);
  // One heap for all threads, since the heaps that glibc makes for threads grow by one page a call.
  // Serving requests allocates nothing, so that no thread waits for the lock of the heap.
  ::mallopt(M_ARENA_MAX, 1);  // NOLINT(concurrency-mt-unsafe): there are no threads yet
  const options::ExitReason reason = run(argc, argv);
  if (reason.status == EX_OK)
    std::fputs(reason.text.c_str(), stdout);
  else
    server::print_message(server::Severity::error, "%s", reason.text.c_str());
  return reason.status;
}
