// quoitd: serves and stores the files of a directory over HTTP/1.1, by io_uring or by epoll.
//
// The life of a request is in connection.cc. Covered by tests/end_to_end/.
#include <cstdio>
#include <malloc.h>

#include "apps/server/config/config.h"
#include "apps/server/config/options.h"
#include "apps/server/process/server.h"
#include "uring/standard_streams.h"

int main(int argc, char** argv) {
  uring::occupy_standard_streams(uring::ClosedStream::empty);
  // One heap for all threads: those of threads grow by a page a call. Answering takes nothing from
  // it, so that nobody waits for another.
  ::mallopt(M_ARENA_MAX, 1);
  server::Config config;
  options::ExitReason reason = server::read_options(argc, argv, config);
  if (!reason) reason = server::run_server(config);
  if (reason.status == EX_OK)
    std::fputs(reason.text.c_str(), stdout);
  else
    std::fprintf(stderr, "quoitd: %s\n", reason.text.c_str());
  return reason.status;
}
